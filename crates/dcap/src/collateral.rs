//! Intel's collateral for one platform family: read, then verified once, then shared.

mod error;
mod proof;

use crate::certificate::Certificate;
use crate::crl::Crl;
use crate::enclave_identity::EnclaveIdentity;
use crate::memory::Memory;
use crate::root::{Root, TrustedRoots};
use crate::signed_json::SignedJson;
use crate::tcb_info::TcbInfo;
use unix_time::{UnixTime, ValidityPeriod};

pub use error::{CollateralError, CollateralFault, Piece};
pub(crate) use proof::{PieceWindows, Proof, Signed};

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

/// Collateral whose every signature, chain and time window held when it was verified.
///
/// It is made by [`Collateral::verify`] alone. The windows are checked again on every use.
///
/// ```compile_fail
/// let collateral: dcap::VerifiedCollateral = Default::default();
/// ```
/// ```compile_fail
/// let collateral: dcap::VerifiedCollateral = serde_json::from_str("{}").unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedCollateral {
    read: Collateral,
    root: Root,
    tcb_info: TcbInfo,
    qe_identity: EnclaveIdentity,
    root_crl: Crl,
    pck_crl: Crl,
    pck_ca: Certificate,
    windows: [(Piece, ValidityPeriod); 4],
}

impl Collateral {
    /// Verifies every piece as of `at`. (Reference: appraisal steps A 2 to 4.)
    ///
    /// 1. The PCK CRL's issuer chain leads to a trusted root; the root CRL is issued and signed by that root; the PCK CA is
    ///    not revoked; the PCK CRL is issued and signed by that CA.
    /// 2. TCB Info: its chain of two leads to the same root, the signer is not revoked, the signature is over these
    ///    bytes; then they are read.
    /// 3. QE identity: the same.
    /// 4. Every piece and every certificate is valid at `at`.
    ///
    /// # Errors
    /// See [`CollateralError`]: which piece, and why.
    pub fn verify(self, roots: &TrustedRoots, at: UnixTime) -> Result<VerifiedCollateral, CollateralError> {
        // Remembered for this call: the pieces have certificates in common.
        self.verify_with(roots, &Memory::of_hosts(16), at)
    }

    pub(crate) fn verify_with(
        self,
        roots: &TrustedRoots,
        memory: &Memory,
        at: UnixTime,
    ) -> Result<VerifiedCollateral, CollateralError> {
        let proof = Proof { collateral: &self, roots, memory };
        let issuer = proof.issuer()?;
        let root_crl = proof.root_crl(&issuer)?;
        let pck_crl = proof.pck_crl(&issuer, &root_crl)?;
        let (tcb_info, qe_identity) = proof.documents(&issuer, &root_crl);
        let (tcb_info, qe_identity) = (tcb_info?, qe_identity?);
        let of_root_crl = PieceWindows::of_root_crl(&issuer, &root_crl);
        let of_pck_crl = PieceWindows::of_pck_crl(&issuer, &pck_crl);
        let of_tcb_info = PieceWindows::new(Piece::TcbInfo, tcb_info.signers, tcb_info.content.validity);
        let of_identity = PieceWindows::new(Piece::QeIdentity, qe_identity.signers, qe_identity.content.validity);
        for windows in [&of_pck_crl, &of_root_crl, &of_tcb_info, &of_identity] {
            windows.check(at)?;
        }
        let windows = [of_tcb_info, of_identity, of_root_crl, of_pck_crl];
        Ok(VerifiedCollateral {
            root: issuer.root(),
            pck_ca: issuer.ca().clone(),
            read: self,
            tcb_info: tcb_info.content,
            qe_identity: qe_identity.content,
            root_crl,
            pck_crl,
            windows: windows.map(|windows| (windows.piece, windows.all())),
        })
    }
}

impl VerifiedCollateral {
    /// The pieces as they were read, for hashing and for handing on.
    pub const fn read(&self) -> &Collateral {
        &self.read
    }

    /// The root that every piece leads to.
    pub const fn root(&self) -> Root {
        self.root
    }

    /// TCB Info.
    pub const fn tcb_info(&self) -> &TcbInfo {
        &self.tcb_info
    }

    /// QE identity.
    pub const fn qe_identity(&self) -> &EnclaveIdentity {
        &self.qe_identity
    }

    /// Root CA CRL.
    pub const fn root_crl(&self) -> &Crl {
        &self.root_crl
    }

    /// PCK CRL.
    pub const fn pck_crl(&self) -> &Crl {
        &self.pck_crl
    }

    /// When every piece, with its signers, is valid.
    pub fn validity(&self) -> ValidityPeriod {
        let [(_, first), rest @ ..] = self.windows;
        rest.into_iter().fold(first, |all, (_, window)| all.and(window))
    }

    /// When the oldest of TCB Info, QE identity and PCK CRL was issued; the root CRL is a yearly one.
    pub fn issued(&self) -> UnixTime {
        let first = self.tcb_info.validity.from.min(self.qe_identity.validity.from);
        first.min(self.pck_crl.validity().from)
    }

    /// Each piece with the window in which it and its signers are valid.
    pub const fn windows(&self) -> &[(Piece, ValidityPeriod); 4] {
        &self.windows
    }

    /// Whether every piece is valid at `at`.
    ///
    /// # Errors
    /// Names the first piece that is not.
    pub fn check_windows(&self, at: UnixTime) -> Result<(), CollateralError> {
        self.windows.iter().try_for_each(|&(piece, window)| proof::check_window(piece, window, at))
    }

    pub(crate) const fn pck_ca(&self) -> &Certificate {
        &self.pck_ca
    }
}
