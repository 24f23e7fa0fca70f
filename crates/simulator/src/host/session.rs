//! The processor's end of the channel of one enclave.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use abi::sgx::{KeyRequest, TargetInfo};
use sgx::enclu::{Enclu, protocol};
use zerocopy::{FromBytes, IntoBytes};
use zeroize::Zeroizing;

use crate::cpu::EreportError;
use crate::inside::{EncluError, Inside};

/// How long the rest of a request may take once it has begun, and how long the answer to be taken.
const REQUEST_TIME: Duration = Duration::from_secs(2);

/// Answers the requests of one enclave until it ends, or makes one that is none, or is too slow. Then its channel is closed.
pub(super) fn serve(mut channel: UnixStream, enclave: &Inside<'_>) {
    while answer(&mut channel, enclave).is_ok() {}
    // The supervisor holds the channel too, so that dropping it would not close it.
    let _ = channel.shutdown(Shutdown::Both);
}

fn answer(channel: &mut UnixStream, enclave: &Inside<'_>) -> io::Result<()> {
    let mut leaf = [0];
    channel.set_read_timeout(None)?;
    channel.read_exact(&mut leaf)?;
    let answer = match leaf {
        [protocol::EREPORT] => ereport(&read(channel)?, enclave),
        [protocol::EGETKEY] => egetkey(&read(channel)?, enclave),
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    channel.set_write_timeout(Some(REQUEST_TIME))?;
    channel.write_all(&answer)
}

fn ereport(operands: &[u8; protocol::EREPORT_OPERANDS], enclave: &Inside<'_>) -> Zeroizing<Vec<u8>> {
    let report = match TargetInfo::ref_from_prefix(operands).map(|(target, data)| (target, data.first_chunk())) {
        Ok((target, Some(report_data))) => enclave.ereport(target, *report_data),
        // The lengths are those of the array.
        Ok((_, None)) | Err(_) => Err(EreportError::MalformedTarget.into()),
    };
    match report {
        Ok(report) => success(report.as_bytes()),
        Err(error) => failure(&error),
    }
}

fn egetkey(operands: &[u8; protocol::EGETKEY_OPERANDS], enclave: &Inside<'_>) -> Zeroizing<Vec<u8>> {
    let request: &KeyRequest = zerocopy::transmute_ref!(operands);
    match enclave.egetkey(request) {
        Ok(key) => success(key.as_slice()),
        Err(error) => failure(&error),
    }
}

fn success(result: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([&protocol::SUCCESS.to_le_bytes(), result].concat())
}

fn failure(error: &EncluError) -> Zeroizing<Vec<u8>> {
    let code = match error {
        EncluError::Egetkey(refusal) => protocol::code(*refusal),
        EncluError::Ereport(_) => protocol::GENERAL_PROTECTION,
    };
    Zeroizing::new(code.to_le_bytes().to_vec())
}

/// Reads operands, all of them in time.
fn read<const N: usize>(channel: &mut UnixStream) -> io::Result<[u8; N]> {
    let begun = Instant::now();
    let mut operands = [0; N];
    let mut rest = operands.as_mut_slice();
    while !rest.is_empty() {
        let left = REQUEST_TIME.checked_sub(begun.elapsed()).filter(|left| !left.is_zero());
        channel.set_read_timeout(Some(left.ok_or(io::ErrorKind::TimedOut)?))?;
        let count = match channel.read(rest) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        rest = rest.split_at_mut_checked(count).map(|(_, rest)| rest).unwrap_or_default();
    }
    Ok(operands)
}
