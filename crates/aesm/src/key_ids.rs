//! Attestation key ids as they travel: the one that is offered, and how it is found in what clients send.

use abi::sgx::{AttestationKeyIdExt, AttestationKeyIdListHeader};
use zerocopy::{FromBytes, IntoBytes};

use crate::error_code::ErrorCode;
use crate::refusal::Refusal;

/// How long the id of a public key is.
pub const PUB_KEY_ID_SIZE: u64 = 32;
/// Entries that a client's list may have.
const MAX_LISTED: u32 = 10;

/// The one key id that is offered. Clients compare it, and some insist on there being one alone.
pub fn offered() -> AttestationKeyIdExt {
    AttestationKeyIdExt::dcap()
}

/// Checks the key that a request names: what follows the id proper, and the end of a longer member, count for nothing.
pub fn check(named: Option<&[u8]>) -> Result<(), Refusal> {
    let Some(named) = named else {
        return Err(Refusal::parameter("request names no attestation key"));
    };
    let Ok((named, _)) = AttestationKeyIdExt::ref_from_prefix(named) else {
        return Err(Refusal::parameter(format!("id of the attestation key has {} bytes", named.len())));
    };
    match named.base == offered().base {
        true => Ok(()),
        false => Err(Refusal::new(
            ErrorCode::UnsupportedAttKeyId,
            format!("there is no attestation key of algorithm {} by that signer", named.base.algorithm_id),
        )),
    }
}

/// Checks that a client's list, if it sends one, has the key that is offered.
pub fn check_list(list: Option<&[u8]>) -> Result<(), Refusal> {
    let Some(list) = list else { return Ok(()) };
    let Ok((header, entries)) = AttestationKeyIdListHeader::ref_from_prefix(list) else {
        return Err(Refusal::parameter(format!("list of attestation keys has {} bytes", list.len())));
    };
    if header.id.get() != 0 || header.version.get() != 0 {
        return Err(Refusal::parameter(format!(
            "list of attestation keys is of id {} and version {}",
            header.id, header.version
        )));
    }
    let count = header.count.get();
    if count > MAX_LISTED {
        return Err(Refusal::parameter(format!("list of attestation keys has {count} entries")));
    }
    let entries = match <[AttestationKeyIdExt]>::ref_from_bytes(entries) {
        Ok(entries) if u32::try_from(entries.len()) == Ok(count) => entries,
        _ => {
            let length = list.len();
            return Err(Refusal::parameter(format!("list of {count} attestation keys has {length} bytes")));
        }
    };
    match entries.iter().any(|entry| entry.base == offered().base) {
        true => Ok(()),
        false => {
            Err(Refusal::new(ErrorCode::UnsupportedAttKeyId, "none of the listed attestation keys is there".to_owned()))
        }
    }
}

/// The offered id as bytes.
pub fn offered_bytes() -> Vec<u8> {
    offered().as_bytes().to_vec()
}
