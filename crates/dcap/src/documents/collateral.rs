//! Intel's collateral for one platform family, as it was read.

use crate::documents::enclave_identity::EnclaveIdentity;
use crate::documents::signed_document::SignedDocument;
use crate::documents::tcb_info::TcbInfo;
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;

/// Collateral for one platform family as it was read; nothing about it is proven.
#[derive(Clone, Debug)]
pub struct Collateral {
    /// TCB Info with its signature.
    pub tcb_info: SignedDocument<TcbInfo>,
    /// TCB signing certificate, root.
    pub tcb_info_chain: Vec<Certificate>,
    /// QE identity with its signature.
    pub qe_identity: SignedDocument<EnclaveIdentity>,
    /// TCB signing certificate, root.
    pub qe_identity_chain: Vec<Certificate>,
    /// Root CA CRL.
    pub root_crl: Crl,
    /// PCK CRL.
    pub pck_crl: Crl,
    /// PCK CA certificate, root.
    pub pck_crl_chain: Vec<Certificate>,
}
