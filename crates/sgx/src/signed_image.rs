//! Whether an image is the one that was signed.

use std::borrow::Cow;

use abi::sgx::SigStruct;
use problem::Problem;

use crate::image::{Image, Manifest};
use crate::sigstruct::{EinitError, einit};

/// Why an image is not the one that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignedImageError {
    /// The manifest is not the one that was signed.
    #[error("manifest and SIGSTRUCT have different values of `{0}`")]
    ManifestDiffers(&'static str),
    /// EINIT refuses.
    #[error(transparent)]
    Einit(#[from] EinitError),
}

impl Problem for SignedImageError {
    fn code(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::ManifestDiffers(_) => "manifest_differs",
            Self::Einit(error) => return error.code(),
        })
    }

    fn help(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::ManifestDiffers(_) => {
                "sign the image again with this manifest, or use the one that it was signed with"
            }
            Self::Einit(error) => return error.help(),
        })
    }
}

/// What identifies an enclave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// MRENCLAVE.
    pub mr_enclave: [u8; 32],
    /// MRSIGNER.
    pub mr_signer: [u8; 32],
}

/// Measures an image and compares it with what its signer says.
///
/// 1. what the processor takes from SIGSTRUCT without asking anybody else is in the manifest too;
/// 2. EINIT: the signer signed this measurement and these attributes.
///
/// # Errors
/// [`SignedImageError`], for the first that fails.
pub fn check_signed(image: &Image<'_>, manifest: &Manifest, signed: &SigStruct) -> Result<Identity, SignedImageError> {
    let says = manifest.properties(signed.date.get());
    for (name, is_same) in [
        ("isv-prod-id", says.isv_prod_id == signed.isv_prod_id.get()),
        ("isv-svn", says.isv_svn == signed.isv_svn.get()),
        ("isv-family-id", says.isv_family_id == signed.isv_family_id),
        ("isv-ext-prod-id", says.isv_ext_prod_id == signed.isv_ext_prod_id),
    ] {
        if !is_same {
            return Err(SignedImageError::ManifestDiffers(name));
        }
    }
    let mr_enclave = image.mr_enclave();
    let mr_signer = einit(signed, &mr_enclave, &manifest.attributes(), manifest.misc_select())?;
    Ok(Identity { mr_enclave, mr_signer })
}
