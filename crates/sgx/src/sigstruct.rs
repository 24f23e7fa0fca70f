//! SIGSTRUCT: made by the signer of an enclave, and checked by EINIT.

use std::borrow::Cow;

use abi::sgx::{Attributes, SigStruct};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, PublicKeyComponents};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use der::asn1::UintRef;
use der::{Decode, Sequence};
use num_bigint::BigUint;
use problem::Problem;
use zerocopy::FromZeros;

use crate::cryptography::CryptographyError;

/// Bytes of a number of RSA.
const NUMBER: usize = 384;
/// The public exponent of every signer.
const EXPONENT: u32 = 3;

/// Why a key signs no enclaves.
#[derive(Debug, thiserror::Error)]
pub enum EnclaveKeyError {
    /// It is no RSA key in PKCS#8 or PKCS#1.
    #[error("key is no RSA key in PKCS#8 or PKCS#1")]
    Encoding,
    /// It is of another length.
    #[error("key has {0} bits instead of 3072")]
    Length(usize),
    /// It has another public exponent.
    #[error("key has another public exponent than 3")]
    Exponent,
}

impl Problem for EnclaveKeyError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Encoding => "enclave_key_encoding",
            Self::Length(_) => "enclave_key_length",
            Self::Exponent => "enclave_key_exponent",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        "make one with `openssl genrsa -3 -out key.pem 3072`: the processor takes RSA of 3072 bits with the exponent 3 alone".into()
    }
}

/// The key of a signer of enclaves. `Debug` shows its public half alone.
pub struct EnclaveKey {
    pair: KeyPair,
    /// Little-endian.
    modulus: [u8; NUMBER],
}

/// RSAPublicKey of PKCS#1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

impl EnclaveKey {
    /// Reads a key in DER, PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// [`EnclaveKeyError`].
    pub fn from_der(der: &[u8]) -> Result<Self, EnclaveKeyError> {
        let pair = KeyPair::from_pkcs8(der).or_else(|_| KeyPair::from_der(der));
        let pair = pair.map_err(|_| EnclaveKeyError::Encoding)?;
        let public = RsaPublicKey::from_der(pair.public_key().as_ref()).map_err(|_| EnclaveKeyError::Encoding)?;
        let modulus = public.modulus.as_bytes();
        if modulus.len() != NUMBER {
            return Err(EnclaveKeyError::Length(modulus.len().saturating_mul(8)));
        }
        if public.public_exponent.as_bytes() != [3] {
            return Err(EnclaveKeyError::Exponent);
        }
        Ok(Self { modulus: reversed(modulus), pair })
    }

    /// MRSIGNER of what it signs.
    pub fn mr_signer(&self) -> [u8; 32] {
        mr_signer(&self.modulus)
    }
}

impl std::fmt::Debug for EnclaveKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnclaveKey").field("mr_signer", &hex::encode(self.mr_signer())).finish_non_exhaustive()
    }
}

/// What a signer says of an enclave beside its measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnclaveProperties {
    /// The day of signing as 0xYYYYMMDD.
    pub date: u32,
    /// MISCSELECT, and which of its bits the enclave has to have so.
    pub misc_select: (u32, u32),
    /// ATTRIBUTES, and which of their bits the enclave has to have so.
    pub attributes: (Attributes, Attributes),
    /// ISVPRODID.
    pub isv_prod_id: u16,
    /// ISVSVN.
    pub isv_svn: u16,
    /// ISVFAMILYID; zero without KSS.
    pub isv_family_id: [u8; 16],
    /// ISVEXTPRODID; zero without KSS.
    pub isv_ext_prod_id: [u8; 16],
}

/// Signs an enclave of that measurement.
///
/// # Errors
/// Where the cryptographic library fails.
pub fn sign(key: &EnclaveKey, mr_enclave: [u8; 32], says: &EnclaveProperties) -> Result<SigStruct, CryptographyError> {
    let mut signed = SigStruct {
        header: SigStruct::HEADER,
        date: says.date.into(),
        header2: SigStruct::HEADER2,
        modulus: key.modulus,
        exponent: EXPONENT.into(),
        misc_select: says.misc_select.0.into(),
        misc_mask: says.misc_select.1.into(),
        isv_family_id: says.isv_family_id,
        attributes: says.attributes.0,
        attribute_mask: says.attributes.1,
        enclave_hash: mr_enclave,
        isv_ext_prod_id: says.isv_ext_prod_id,
        isv_prod_id: says.isv_prod_id.into(),
        isv_svn: says.isv_svn.into(),
        ..SigStruct::new_zeroed()
    };
    let mut signature = [0; NUMBER];
    key.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed.signed().concat(), &mut signature)?;
    signed.signature = reversed(&signature);
    (signed.q1, signed.q2) = quotients(&signed);
    Ok(signed)
}

/// Why an enclave is not initialised: the codes of EINIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EinitError {
    /// SGX_INVALID_SIG_STRUCT, 1: headers, exponent or reserved fields are not what they have to be.
    #[error("SIGSTRUCT is malformed")]
    InvalidSigStruct,
    /// SGX_INVALID_ATTRIBUTE, 2.
    #[error("enclave has not the attributes that its signer says")]
    InvalidAttribute,
    /// SGX_INVALID_MEASUREMENT, 4.
    #[error("enclave is not the one that was signed")]
    InvalidMeasurement,
    /// SGX_INVALID_SIGNATURE, 8.
    #[error("signature of SIGSTRUCT is wrong")]
    InvalidSignature,
}

impl Problem for EinitError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::InvalidSigStruct => "einit_invalid_sig_struct",
            Self::InvalidAttribute => "einit_invalid_attribute",
            Self::InvalidMeasurement => "einit_invalid_measurement",
            Self::InvalidSignature => "einit_invalid_signature",
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::InvalidMeasurement => "program or manifest changed since they were signed: sign them again",
            Self::InvalidAttribute => {
                "`debug`, `provision-key`, `xfrm`, `misc-select` or `[kss]` changed since it was signed: sign it again"
            }
            Self::InvalidSigStruct | Self::InvalidSignature => "SIGSTRUCT is damaged: sign the image again",
        })
    }
}

impl EinitError {
    /// The code in EAX.
    pub const fn eax(self) -> u32 {
        match self {
            Self::InvalidSigStruct => 1,
            Self::InvalidAttribute => 2,
            Self::InvalidMeasurement => 4,
            Self::InvalidSignature => 8,
        }
    }
}

/// EINIT: whether an enclave of that measurement, with those attributes and MISCSELECT, is the one that was signed. Gives MRSIGNER.
///
/// 1. the SIGSTRUCT is well-formed;
/// 2. its signature is that of its key, and its quotients are those of signature and modulus;
/// 3. the measurement is the one signed;
/// 4. the attributes and MISCSELECT are those signed, as far as the masks say.
///
/// # Errors
/// [`EinitError`], for the first that fails.
pub fn einit(
    signed: &SigStruct,
    mr_enclave: &[u8; 32],
    attributes: &Attributes,
    misc_select: u32,
) -> Result<[u8; 32], EinitError> {
    check_form(signed)?;
    check_signature(signed)?;
    if signed.enclave_hash != *mr_enclave {
        return Err(EinitError::InvalidMeasurement);
    }
    let (wanted, mask) = (&signed.attributes, &signed.attribute_mask);
    let differ = [
        (wanted.flags.get() ^ attributes.flags.get()) & mask.flags.get(),
        (wanted.xfrm.get() ^ attributes.xfrm.get()) & mask.xfrm.get(),
        u64::from((signed.misc_select.get() ^ misc_select) & signed.misc_mask.get()),
    ];
    if differ == [0; 3] { Ok(mr_signer(&signed.modulus)) } else { Err(EinitError::InvalidAttribute) }
}

/// Step 1.
fn check_form(signed: &SigStruct) -> Result<(), EinitError> {
    let is_kss = signed.attributes.is_kss();
    let is_right = signed.header == SigStruct::HEADER
        && signed.header2 == SigStruct::HEADER2
        && [0, 0x8086].contains(&signed.vendor.get())
        && signed.exponent.get() == EXPONENT
        && signed.reserved1 == [0; 84]
        && signed.cet == [0; 4]
        && signed.reserved2 == [0; 16]
        && signed.reserved3 == [0; 12]
        && (is_kss || (signed.isv_family_id == [0; 16] && signed.isv_ext_prod_id == [0; 16]));
    if is_right { Ok(()) } else { Err(EinitError::InvalidSigStruct) }
}

/// Step 2.
fn check_signature(signed: &SigStruct) -> Result<(), EinitError> {
    let (modulus, signature): ([u8; NUMBER], [u8; NUMBER]) = (reversed(&signed.modulus), reversed(&signed.signature));
    let exponent = [3_u8];
    let key = PublicKeyComponents { n: modulus.as_slice(), e: exponent.as_slice() };
    let verified = key.verify(&RSA_PKCS1_2048_8192_SHA256, &signed.signed().concat(), &signature);
    if verified.is_err() || quotients(signed) != (signed.q1, signed.q2) {
        return Err(EinitError::InvalidSignature);
    }
    Ok(())
}

/// Q1 and Q2, which spare the processor a division: ⌊S²/M⌋ and ⌊S·(S² mod M)/M⌋. Zeros where the modulus is zero.
#[expect(clippy::arithmetic_side_effects, reason = "numbers of any length, and the modulus is not zero")]
fn quotients(signed: &SigStruct) -> ([u8; NUMBER], [u8; NUMBER]) {
    let (modulus, signature) = (BigUint::from_bytes_le(&signed.modulus), BigUint::from_bytes_le(&signed.signature));
    if modulus == BigUint::ZERO {
        return ([0; NUMBER], [0; NUMBER]);
    }
    let square = &signature * &signature;
    let rest = &square % &modulus;
    (padded(&(square / &modulus)), padded(&(signature * rest / modulus)))
}

/// Little-endian, with zeros behind.
fn padded(number: &BigUint) -> [u8; NUMBER] {
    let mut bytes = [0; NUMBER];
    bytes.iter_mut().zip(number.to_bytes_le()).for_each(|(place, byte)| *place = byte);
    bytes
}

fn reversed(bytes: &[u8]) -> [u8; NUMBER] {
    let mut reversed = [0; NUMBER];
    reversed.iter_mut().zip(bytes.iter().rev()).for_each(|(place, byte)| *place = *byte);
    reversed
}

/// Returns MRSIGNER of the signer with this modulus: SHA-256 over it, little-endian.
pub fn mr_signer(modulus: &[u8; NUMBER]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, modulus).as_ref());
    hash
}
