//! Intel's collateral for one platform family, as it was read.

use crate::documents::signed_json::SignedJson;
use crate::pki::certificate::Certificate;

/// Collateral for one platform family as it was read; nothing about it is proven.
#[derive(Clone, Debug)]
pub struct Collateral {
    /// TCB Info with its signature.
    pub tcb_info: SignedJson,
    /// TCB signing certificate, root.
    pub tcb_info_chain: Vec<Certificate>,
    /// QE identity with its signature.
    pub qe_identity: SignedJson,
    /// TCB signing certificate, root.
    pub qe_identity_chain: Vec<Certificate>,
    /// Root CA CRL in DER.
    pub root_crl: Vec<u8>,
    /// PCK CRL in DER.
    pub pck_crl: Vec<u8>,
    /// PCK CA certificate, root.
    pub pck_crl_chain: Vec<Certificate>,
}
