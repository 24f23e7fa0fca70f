//! Intel's SGX extension in a PCK certificate: which platform it is, and at which TCB the certificate was issued.
//!
//! A `SEQUENCE` of pairs (object identifier, value) below 1.2.840.113741.1.13.1, five pairs under the Processor CA,
//! seven under the Platform CA.

use std::borrow::Cow;

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use problem::Problem;

use crate::pki::certificate::error::SGX_EXTENSION;

/// A platform family, 6 bytes: family, model, stepping, platform type, CPU type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fmspc(pub(crate) [u8; 6]);

impl Fmspc {
    /// The six bytes.
    pub const fn as_bytes(&self) -> &[u8; 6] {
        &self.0
    }
}

impl std::fmt::Display for Fmspc {
    /// Twelve lowercase hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl serde::Serialize for Fmspc {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::fmt::Debug for Fmspc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fmspc({self})")
    }
}

/// The contents of the SGX extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SgxExtension {
    pub(crate) ppid: [u8; 16],
    pub(crate) component_svns: [u8; 16],
    pub(crate) pce_svn: u16,
    pub(crate) cpu_svn: [u8; 16],
    pub(crate) pce_id: [u8; 2],
    pub(crate) fmspc: Fmspc,
    pub(crate) sgx_type: SgxType,
    pub(crate) multi_package: Option<MultiPackage>,
}

/// How the platform protects enclave memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SgxType {
    /// Integrity and replay protection, small EPC.
    Standard,
    /// Encryption only, large EPC.
    Scalable,
    /// Large EPC with integrity.
    ScalableWithIntegrity,
}

/// What only certificates of the Platform CA carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultiPackage {
    /// Names a platform with all its packages.
    pub platform_instance_id: [u8; 16],
    /// Packages can be added later.
    pub dynamic_platform: Option<bool>,
    /// Intel keeps platform keys.
    pub cached_keys: Option<bool>,
    /// Simultaneous multithreading is on.
    pub smt_enabled: Option<bool>,
}

/// Why the SGX extension cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedSgxExtension {
    /// The certificate has none.
    #[error("PCK certificate has no SGX extension")]
    Missing,
    /// Not the DER of the documented structure.
    #[error("SGX extension is not the documented DER")]
    Der(#[source] der::Error),
    /// A pair twice, or one that is not documented.
    #[error("SGX extension has `{0}` twice or where it does not belong")]
    Unexpected(ObjectIdentifier),
    /// A documented pair is absent.
    #[error("SGX extension lacks {0}")]
    Lacks(&'static str),
    /// A value of the wrong length or range.
    #[error("SGX extension has an impossible value for {0}")]
    Value(&'static str),
}

impl Problem for MalformedSgxExtension {
    fn code(&self) -> Cow<'static, str> {
        let text = match self {
            Self::Missing => "sgx_extension_missing",
            Self::Der(_) => "sgx_extension_not_der",
            Self::Unexpected(_) => "sgx_extension_unexpected_field",
            Self::Lacks(_) => "sgx_extension_incomplete",
            Self::Value(_) => "sgx_extension_value_invalid",
        };
        text.into()
    }

    fn help(&self) -> Cow<'_, str> {
        "the certificate is damaged or none of Intel's PCK certificates; obtain it again".into()
    }
}

type Pairs<'a> = Vec<(u8, AnyRef<'a>)>;

/// Of the TCB: 16 components, PCESVN and CPUSVN.
const MOST_PAIRS: usize = 18;

impl SgxExtension {
    /// Reads the raw contents of the extension.
    ///
    /// # Errors
    /// See [`MalformedSgxExtension`].
    pub fn from_der(bytes: &[u8]) -> Result<Self, MalformedSgxExtension> {
        let mut pairs = pairs(AnyRef::from_der(bytes).map_err(MalformedSgxExtension::Der)?, SGX_EXTENSION)?;
        let ppid = octets(take(&mut pairs, 1, "PPID")?, "PPID")?;
        let tcb = take(&mut pairs, 2, "TCB")?;
        let pce_id = octets(take(&mut pairs, 3, "PCEID")?, "PCEID")?;
        let fmspc = Fmspc(octets(take(&mut pairs, 4, "FMSPC")?, "FMSPC")?);
        let sgx_type = sgx_type(take(&mut pairs, 5, "SGX type")?)?;
        let multi_package = if pairs.is_empty() { None } else { Some(multi_package(&mut pairs)?) };
        refuse_rest(&pairs, SGX_EXTENSION)?;
        let (component_svns, pce_svn, cpu_svn) = tcb_svns(tcb)?;
        Ok(Self { ppid, component_svns, pce_svn, cpu_svn, pce_id, fmspc, sgx_type, multi_package })
    }

    /// PPID: names the processor package.
    pub const fn ppid(&self) -> &[u8; 16] {
        &self.ppid
    }

    /// The 16 component SVNs that TCB levels are compared with.
    pub const fn component_svns(&self) -> &[u8; 16] {
        &self.component_svns
    }

    /// PCESVN of the TCB.
    pub const fn pce_svn(&self) -> u16 {
        self.pce_svn
    }

    /// CPUSVN as the processor reports it.
    pub const fn cpu_svn(&self) -> &[u8; 16] {
        &self.cpu_svn
    }

    /// PCEID: which provisioning certification enclave.
    pub const fn pce_id(&self) -> &[u8; 2] {
        &self.pce_id
    }

    /// How enclave memory is protected.
    pub const fn sgx_type(&self) -> SgxType {
        self.sgx_type
    }

    /// What only multi-package platforms have.
    pub const fn multi_package(&self) -> Option<&MultiPackage> {
        self.multi_package.as_ref()
    }
}

fn tcb_svns(tcb: AnyRef<'_>) -> Result<([u8; 16], u16, [u8; 16]), MalformedSgxExtension> {
    let oid = child(SGX_EXTENSION, 2)?;
    let mut pairs = pairs(tcb, oid)?;
    let mut component_svns = [0; 16];
    for (number, svn) in (1..).zip(component_svns.iter_mut()) {
        *svn = integer(take(&mut pairs, number, "a component SVN")?)?;
    }
    let pce_svn = integer(take(&mut pairs, 17, "PCESVN")?)?;
    let cpu_svn = octets(take(&mut pairs, 18, "CPUSVN")?, "CPUSVN")?;
    refuse_rest(&pairs, oid)?;
    Ok((component_svns, pce_svn, cpu_svn))
}

fn multi_package(pairs: &mut Pairs<'_>) -> Result<MultiPackage, MalformedSgxExtension> {
    let platform_instance_id = octets(take(pairs, 6, "platform instance id")?, "platform instance id")?;
    let oid = child(SGX_EXTENSION, 7)?;
    let mut configuration = self::pairs(take(pairs, 7, "configuration")?, oid)?;
    let mut flag = |number| match configuration.iter().position(|(n, _)| *n == number) {
        Some(at) => bool_of(configuration.swap_remove(at).1).map(Some),
        None => Ok(None),
    };
    let multi_package =
        MultiPackage { platform_instance_id, dynamic_platform: flag(1)?, cached_keys: flag(2)?, smt_enabled: flag(3)? };
    refuse_rest(&configuration, oid)?;
    Ok(multi_package)
}

/// The pairs of a `SEQUENCE` by the last number of their object identifiers, which must lie right below `above`.
fn pairs<'a>(sequence: AnyRef<'a>, above: ObjectIdentifier) -> Result<Pairs<'a>, MalformedSgxExtension> {
    sequence.tag().assert_eq(Tag::Sequence).map_err(MalformedSgxExtension::Der)?;
    let mut reader = SliceReader::new(sequence.value()).map_err(MalformedSgxExtension::Der)?;
    let mut found: Pairs<'a> = Vec::with_capacity(MOST_PAIRS);
    while !reader.is_finished() {
        let (oid, value) = reader
            .sequence(|pair| Ok::<_, der::Error>((AnyRef::decode(pair)?, AnyRef::decode(pair)?)))
            .map_err(MalformedSgxExtension::Der)?;
        match number_below(oid, above) {
            Some(number) if found.iter().all(|(n, _)| *n != number) => found.push((number, value)),
            _ => return Err(MalformedSgxExtension::Unexpected(oid.decode_as().map_err(MalformedSgxExtension::Der)?)),
        }
    }
    Ok(found)
}

/// The number of an object identifier right below another one, where it is a small number: one more byte in DER.
fn number_below(oid: AnyRef<'_>, above: ObjectIdentifier) -> Option<u8> {
    match (oid.tag(), oid.value().strip_prefix(above.as_bytes())) {
        (Tag::ObjectIdentifier, Some(&[number])) if number < 0x80 => Some(number),
        _ => None,
    }
}

fn take<'a>(pairs: &mut Pairs<'a>, number: u8, name: &'static str) -> Result<AnyRef<'a>, MalformedSgxExtension> {
    let at = pairs.iter().position(|(n, _)| *n == number).ok_or(MalformedSgxExtension::Lacks(name))?;
    Ok(pairs.swap_remove(at).1)
}

fn refuse_rest(pairs: &Pairs<'_>, above: ObjectIdentifier) -> Result<(), MalformedSgxExtension> {
    match pairs.first() {
        Some((number, _)) => Err(MalformedSgxExtension::Unexpected(child(above, *number)?)),
        None => Ok(()),
    }
}

fn child(above: ObjectIdentifier, number: u8) -> Result<ObjectIdentifier, MalformedSgxExtension> {
    above.push_arc(number.into()).map_err(|_| MalformedSgxExtension::Unexpected(above))
}

fn octets<const N: usize>(value: AnyRef<'_>, name: &'static str) -> Result<[u8; N], MalformedSgxExtension> {
    let octets = value.decode_as::<&OctetStringRef>().map_err(MalformedSgxExtension::Der)?;
    octets.as_bytes().try_into().map_err(|_| MalformedSgxExtension::Value(name))
}

fn integer<'a, T>(value: AnyRef<'a>) -> Result<T, MalformedSgxExtension>
where
    T: der::Choice<'a> + der::DecodeValue<'a, Error = der::Error>,
{
    value.decode_as::<T>().map_err(MalformedSgxExtension::Der)
}

fn bool_of(value: AnyRef<'_>) -> Result<bool, MalformedSgxExtension> {
    value.decode_as::<bool>().map_err(MalformedSgxExtension::Der)
}

fn sgx_type(value: AnyRef<'_>) -> Result<SgxType, MalformedSgxExtension> {
    match (value.tag(), value.value()) {
        (Tag::Enumerated, [0]) => Ok(SgxType::Standard),
        (Tag::Enumerated, [1]) => Ok(SgxType::Scalable),
        (Tag::Enumerated, [2]) => Ok(SgxType::ScalableWithIntegrity),
        _ => Err(MalformedSgxExtension::Value("SGX type")),
    }
}
