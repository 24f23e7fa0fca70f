//! Sealing: what an enclave gives out of its hands for itself, or for enclaves of its signer, to read again on this machine.
//!
//! The format is `sgx_sealed_data_t` of Intel's SDK: KEYREQUEST, where the text in clear begins, its length, the GCM tag, then the
//! ciphertext and the text in clear. Each seal has a key of its own (KEYID is drawn), so the nonce is zero.

use std::borrow::Cow;
use std::error::Error;

use abi::sgx::{Attributes, KeyRequest, TargetInfo};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use problem::Problem;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};
use zeroize::Zeroizing;

use crate::cryptography::CryptographyError;
use crate::enclu::{Enclu, Key128};

/// Bytes that are sealed at most, with what goes along in clear.
pub const MAX_SEALED: usize = 1 << 30;

/// FLAGS that a seal key depends on: INIT, DEBUG, the reserved bit 3, and those that do not concern applications.
const FLAGS_MASK: u64 = 0xff00_0000_0000_000b;
/// Bits of MISCSELECT that a seal key depends on.
const MISC_MASK: u32 = 0xf000_0000;
/// Policies of enclaves with KSS.
const KSS_POLICIES: u16 = KeyRequest::CONFIGID | KeyRequest::ISVFAMILYID | KeyRequest::ISVEXTPRODID;

/// Whom something is sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedFor {
    /// The same enclave.
    Enclave,
    /// Enclaves of the same signer and product, of this security version or a later one.
    Signer,
}

/// Why something was not sealed or unsealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError<E: Error + 'static> {
    /// There is nothing to seal.
    #[error("there is nothing to seal")]
    Empty,
    /// It is longer than [`MAX_SEALED`].
    #[error("{0} bytes are too many to be sealed")]
    TooLong(usize),
    /// What is to be unsealed has not the form.
    #[error("sealed data is malformed")]
    Malformed,
    /// The key in it is for every enclave, so anybody may have made it.
    #[error("sealed data is bound to no enclave and no signer")]
    Unbound,
    /// The processor gives no key or report.
    #[error("processor gives no seal key")]
    Processor(#[source] E),
    /// Another enclave or machine sealed it, or it was changed.
    #[error("sealed data is not authentic for this enclave")]
    NotAuthentic,
    /// The cryptographic library failed.
    #[error(transparent)]
    Cryptography(#[from] CryptographyError),
}

impl<E: Error + 'static> Problem for SealError<E> {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Empty => "seal_empty",
            Self::TooLong(_) => "seal_too_long",
            Self::Malformed => "sealed_malformed",
            Self::Unbound => "sealed_unbound",
            Self::Processor(_) => "seal_key_refused",
            Self::NotAuthentic => "sealed_not_authentic",
            Self::Cryptography(error) => return error.code(),
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Empty => "give at least one byte; what goes along in clear alone needs no sealing",
            Self::TooLong(_) => "seal a key, and encrypt the data with it",
            Self::Malformed | Self::Unbound => "check that these are the bytes that `seal` made",
            Self::Processor(_) => {
                "what was sealed at a higher CPUSVN or ISVSVN is unsealed there: raise the microcode, or run the later enclave"
            }
            Self::NotAuthentic => {
                "unseal it on the same machine, with the same enclave or one of the same signer as it was sealed for"
            }
            Self::Cryptography(error) => return error.help(),
        })
    }
}

/// What stands in front of the ciphertext.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Header {
    key_request: KeyRequest,
    /// Bytes of the ciphertext: the text in clear lies behind it.
    clear_offset: U32,
    reserved1: [u8; 12],
    /// Bytes of both.
    payload_size: U32,
    reserved2: [u8; 12],
    tag: [u8; 16],
}

const _: () = assert!(size_of::<Header>() == 560);

/// What was unsealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Unsealed {
    /// The secret.
    pub secret: Zeroizing<Vec<u8>>,
    /// What went along in clear, and is authentic.
    pub clear: Vec<u8>,
}

impl std::fmt::Debug for Unsealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unsealed").field("clear", &self.clear).finish_non_exhaustive()
    }
}

/// Seals a secret at the levels of now; `clear` goes along, and cannot be changed.
///
/// # Errors
/// [`SealError`].
pub fn seal<P: Enclu>(
    processor: &P,
    sealed_for: SealedFor,
    secret: &[u8],
    clear: &[u8],
) -> Result<Vec<u8>, SealError<P::Error>> {
    if secret.is_empty() {
        return Err(SealError::Empty);
    }
    let length = secret.len().saturating_add(clear.len());
    let (clear_offset, payload_size) = match (u32::try_from(secret.len()), u32::try_from(length)) {
        (Ok(clear_offset), Ok(payload_size)) if length <= MAX_SEALED => (clear_offset.into(), payload_size.into()),
        _ => return Err(SealError::TooLong(length)),
    };
    let key_request = key_request(processor, sealed_for)?;
    let key = processor.egetkey(&key_request).map_err(SealError::Processor)?;
    let mut ciphertext = secret.to_vec();
    let sealed = cipher(&key)?.seal_in_place_separate_tag(nonce(), Aad::from(clear), &mut ciphertext);
    let mut tag = [0; 16];
    tag.copy_from_slice(sealed.map_err(CryptographyError::from)?.as_ref());
    let header = Header { key_request, clear_offset, reserved1: [0; 12], payload_size, reserved2: [0; 12], tag };
    Ok([header.as_bytes(), &ciphertext, clear].concat())
}

/// Unseals what [`seal`] made, here or with Intel's SDK. The request in it is a stranger's word; it is proven by the tag.
///
/// 1. it has the form, to the last byte;
/// 2. it asks for a seal key, and for one that is bound to the enclave or the signer;
/// 3. the processor gives the key;
/// 4. the tag is of that key.
///
/// # Errors
/// [`SealError`], for the first that fails.
pub fn unseal<P: Enclu>(processor: &P, sealed: &[u8]) -> Result<Unsealed, SealError<P::Error>> {
    let (header, payload) = Header::ref_from_prefix(sealed).map_err(|_| SealError::Malformed)?;
    let length = |length: U32| usize::try_from(length.get()).unwrap_or(usize::MAX);
    let is_right = length(header.payload_size) == payload.len()
        && payload.len() <= MAX_SEALED
        && header.clear_offset.get() > 0
        && (header.reserved1, header.reserved2) == ([0; 12], [0; 12])
        && header.key_request.key_name.get() == KeyRequest::SEAL;
    let split = payload.split_at_checked(length(header.clear_offset)).filter(|_| is_right);
    let (ciphertext, clear) = split.ok_or(SealError::Malformed)?;
    if header.key_request.key_policy.get() & (KeyRequest::MRENCLAVE | KeyRequest::MRSIGNER) == 0 {
        return Err(SealError::Unbound);
    }
    let key = processor.egetkey(&header.key_request).map_err(SealError::Processor)?;
    let mut secret = Zeroizing::new(vec![0; ciphertext.len()]);
    let opened = cipher(&key)?.open_separate_gather(nonce(), Aad::from(clear), ciphertext, &header.tag, &mut secret);
    opened.map_err(|_| SealError::NotAuthentic)?;
    Ok(Unsealed { secret, clear: clear.to_vec() })
}

/// A request for a new key, at the levels of now.
fn key_request<P: Enclu>(processor: &P, sealed_for: SealedFor) -> Result<KeyRequest, SealError<P::Error>> {
    let own = processor.ereport(&TargetInfo::new_zeroed(), [0; 64]).map_err(SealError::Processor)?.body;
    let kss_policies = if own.attributes.is_kss() { KSS_POLICIES } else { 0 };
    let mut key_id = [0; 32];
    aws_lc_rs::rand::fill(&mut key_id).map_err(CryptographyError::from)?;
    let policy = match sealed_for {
        SealedFor::Enclave => KeyRequest::MRENCLAVE,
        SealedFor::Signer => KeyRequest::MRSIGNER,
    };
    Ok(KeyRequest {
        key_name: KeyRequest::SEAL.into(),
        key_policy: (policy | kss_policies).into(),
        isv_svn: own.isv_svn,
        cpu_svn: own.cpu_svn,
        attribute_mask: Attributes { flags: FLAGS_MASK.into(), xfrm: 0.into() },
        key_id,
        misc_mask: MISC_MASK.into(),
        config_svn: own.config_svn,
        ..KeyRequest::new_zeroed()
    })
}

fn cipher<E: Error + 'static>(key: &Key128) -> Result<LessSafeKey, SealError<E>> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key.as_slice()).map_err(CryptographyError::from)?))
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
