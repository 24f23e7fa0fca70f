//! Distinguished names in DER: `SEQUENCE OF SET OF SEQUENCE { type, value }`.

use const_oid::db::rfc4519::{COMMON_NAME, ORGANIZATIONAL_UNIT_NAME};
use der::asn1::AnyRef;
use der::{Encode, Reader, SliceReader, Tag, Tagged};

use crate::pki::certificate::error::MalformedCertificate;

/// The one common name of a subject, a PrintableString or UTF8String. Reads the name to its end.
pub(crate) fn common_name(subject: AnyRef<'_>) -> Result<String, MalformedCertificate> {
    subject.tag().assert_eq(Tag::Sequence).map_err(MalformedCertificate::Der)?;
    let mut names = Vec::new();
    each(subject.value(), |kind, value| {
        if kind == COMMON_NAME.as_bytes() {
            names.push(text_of(value));
        }
    })
    .map_err(MalformedCertificate::Der)?;
    match names.as_slice() {
        [Some(name)] => Ok((*name).to_owned()),
        _ => Err(MalformedCertificate::CommonName),
    }
}

/// Whether a name, without its head, has that organisational unit.
pub(crate) fn has_organizational_unit(name: &[u8], unit: &str) -> bool {
    let mut has = false;
    let read =
        each(name, |kind, value| has |= kind == ORGANIZATIONAL_UNIT_NAME.as_bytes() && text_of(value) == Some(unit));
    read.is_ok() && has
}

/// A name, without its head, as RFC 4514 writes it, for people.
pub(crate) fn text(name: &[u8]) -> String {
    let parsed = AnyRef::new(Tag::Sequence, name).and_then(|any| any.to_der());
    let parsed = parsed.ok().and_then(|der| <x509_cert::name::Name as der::Decode>::from_der(&der).ok());
    parsed.map_or_else(|| "a name that cannot be read".to_owned(), |name| name.to_string())
}

/// Shows each pair: the bytes of its object identifier, and its value.
fn each<'a>(name: &'a [u8], mut see: impl FnMut(&'a [u8], AnyRef<'a>)) -> der::Result<()> {
    let mut sets = SliceReader::new(name)?;
    while !sets.is_finished() {
        let set: AnyRef<'a> = sets.decode()?;
        set.tag().assert_eq(Tag::Set)?;
        let mut pairs = SliceReader::new(set.value())?;
        while !pairs.is_finished() {
            let (kind, value) =
                pairs.sequence(|pair| Ok::<(AnyRef<'a>, _), der::Error>((pair.decode()?, pair.decode()?)))?;
            kind.tag().assert_eq(Tag::ObjectIdentifier)?;
            see(kind.value(), value);
        }
    }
    Ok(())
}

fn text_of(value: AnyRef<'_>) -> Option<&str> {
    if !matches!(value.tag(), Tag::PrintableString | Tag::Utf8String) {
        return None;
    }
    str::from_utf8(value.value()).ok()
}
