//! Certificates and revocation lists in the encodings they are met in: DER, PEM, hexadecimal and base64 text.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dcap::{Certificate, Crl, MalformedCrl, pem};

use crate::piece::Form;
use crate::unrecognised::Unrecognised;

const PEM_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";
const PEM_CRL: &[u8] = b"-----BEGIN X509 CRL-----";

/// A certificate, chain or revocation list.
pub(crate) fn piece(bytes: &[u8]) -> Result<Form, Unrecognised> {
    let text = bytes.trim_ascii_start();
    if text.starts_with(PEM_CERTIFICATE) {
        return Ok(Form::Certificates(certificates(text)?));
    }
    if text.starts_with(PEM_CRL) {
        return Ok(Form::Crl(pem_crl(text)?));
    }
    let der = der(bytes).ok_or(Unrecognised::Unknown)?;
    // Which of both it is shows in the first members; a damaged one is reported as what it resembles more.
    match (Certificate::from_der(&der), Crl::from_der(&der)) {
        (Ok(certificate), _) => Ok(Form::Certificates(vec![certificate])),
        (_, Ok(crl)) => Ok(Form::Crl(crl)),
        (Err(error), Err(MalformedCrl::Der(_))) => Err(error.into()),
        (_, Err(error)) => Err(error.into()),
    }
}

/// A revocation list. Whatever a version number beside it says, its encoding is told by its bytes.
pub(crate) fn crl(bytes: &[u8]) -> Result<Crl, Unrecognised> {
    let text = bytes.trim_ascii_start();
    if text.starts_with(PEM_CRL) {
        return pem_crl(text);
    }
    Ok(Crl::from_der(&der(bytes).ok_or(Unrecognised::Encoding)?)?)
}

/// Certificates in PEM, one after the other.
pub(crate) fn certificates(text: &[u8]) -> Result<Vec<Certificate>, Unrecognised> {
    let blocks = pem::blocks(text, "CERTIFICATE")?;
    Ok(blocks.iter().map(|der| Certificate::from_der(der)).collect::<Result<_, _>>()?)
}

/// DER in base64 without line breaks, as bundles carry it.
pub(crate) fn base64_der(text: &str) -> Result<Vec<u8>, Unrecognised> {
    STANDARD.decode(text).map_err(|_| Unrecognised::Encoding)
}

/// Text without the white space and the NUL bytes that C strings end with.
pub(crate) fn without_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., last] = bytes
        && (*last == 0 || last.is_ascii_whitespace())
    {
        bytes = rest;
    }
    bytes
}

fn pem_crl(text: &[u8]) -> Result<Crl, Unrecognised> {
    match <[Vec<u8>; 1]>::try_from(pem::blocks(text, "X509 CRL")?) {
        Ok([der]) => Ok(Crl::from_der(&der)?),
        Err(_) => Err(Unrecognised::Encoding),
    }
}

/// DER, as it is or out of hexadecimal or base64 text, where it looks like the DER of a certificate or list.
fn der(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    // Every certificate and list is a SEQUENCE.
    if let [0x30, second, ..] = bytes
        && !second.is_ascii_hexdigit()
    {
        return Some(Cow::Borrowed(without_nul(bytes)));
    }
    let text = without_end(bytes.trim_ascii_start());
    let one_line: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    // No DER that begins with a SEQUENCE is both: in base64 it begins with `M`.
    let decoded = hex::decode(&one_line).ok().or_else(|| STANDARD.decode(&one_line).ok())?;
    (decoded.first() == Some(&0x30)).then_some(Cow::Owned(decoded))
}

/// DER without NUL bytes after its end, which its first bytes tell.
fn without_nul(der: &[u8]) -> &[u8] {
    let whole = match *der {
        [_, short, ..] if short < 0x80 => usize::from(short).saturating_add(2),
        [_, 0x81, length, ..] => usize::from(length).saturating_add(3),
        [_, 0x82, high, low, ..] => usize::from(u16::from_be_bytes([high, low])).saturating_add(4),
        [_, 0x83, high, middle, low, ..] => {
            usize::try_from(u32::from_be_bytes([0, high, middle, low])).unwrap_or(usize::MAX).saturating_add(5)
        }
        _ => der.len(),
    };
    match der.split_at_checked(whole) {
        Some((der, rest)) if rest.iter().all(|&byte| byte == 0) => der,
        _ => der,
    }
}
