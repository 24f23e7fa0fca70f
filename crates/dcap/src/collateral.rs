//! Intel's collateral for one platform family: read, then verified once, then shared.

use std::fmt;

use crate::certificate::Certificate;
use crate::chain::{self, CertificateError, Role};
use crate::crl::{Crl, MalformedCrl};
use crate::enclave_identity::EnclaveIdentity;
use crate::memory::Memory;
use crate::pck::Issuer;
use crate::root::{Root, TrustedRoots};
use crate::signed_json::{MalformedJson, SignedJson};
use crate::tcb_info::TcbInfo;
use crate::time::{OutsideWindow, UnixTime, Window};

/// One piece of collateral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// TCB levels of the platform family.
    TcbInfo,
    /// Identity of the quoting enclave.
    QeIdentity,
    /// Revocation list of the root CA.
    RootCrl,
    /// Revocation list of the CA that issued the platform's certificate.
    PckCrl,
}

impl Piece {
    const fn code(self) -> &'static str {
        match self {
            Self::TcbInfo => "tcb_info",
            Self::QeIdentity => "qe_identity",
            Self::RootCrl => "root_ca_crl",
            Self::PckCrl => "pck_crl",
        }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TcbInfo => "TCB Info",
            Self::QeIdentity => "QE identity",
            Self::RootCrl => "root CA CRL",
            Self::PckCrl => "PCK CRL",
        })
    }
}

/// Collateral that cannot be used: which piece, and why.
#[derive(Debug, thiserror::Error)]
#[error("{piece}: {fault}")]
pub struct CollateralError {
    /// The piece.
    pub piece: Piece,
    /// Why it cannot be used.
    pub fault: CollateralFault,
}

/// Why a piece of collateral cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CollateralFault {
    /// The document cannot be read.
    #[error(transparent)]
    Json(#[from] MalformedJson),
    /// The revocation list cannot be read.
    #[error(transparent)]
    Crl(#[from] MalformedCrl),
    /// The signer's chain may not sign it.
    #[error("its issuer chain proves nothing: {0}")]
    Chain(#[from] CertificateError),
    /// The issuer chain has the wrong number of certificates.
    #[error("its issuer chain has {0} certificates, not 2")]
    ChainLength(usize),
    /// The signer did not sign it.
    #[error("its signature does not verify with its signer's key")]
    BadSignature,
    /// The revocation list is another CA's.
    #[error("it is not issued by the CA whose certificates it should revoke")]
    WrongIssuer,
    /// Another root than the rest of the collateral.
    #[error("its issuer chain leads to another root than that of the other pieces")]
    OtherRoot,
    /// Judged before it begins or after it ends.
    #[error(transparent)]
    OutsideWindow(#[from] OutsideWindow),
}

impl CollateralError {
    /// A stable name of the fault, such as `tcb_info_expired`.
    pub fn code(&self) -> String {
        let fault = match &self.fault {
            CollateralFault::Json(_) | CollateralFault::Crl(_) => "malformed".to_owned(),
            CollateralFault::Chain(error) => error.code(),
            CollateralFault::ChainLength(_) => "chain_length_wrong".to_owned(),
            CollateralFault::BadSignature => "bad_signature".to_owned(),
            CollateralFault::WrongIssuer => "wrong_issuer".to_owned(),
            CollateralFault::OtherRoot => "other_root".to_owned(),
            CollateralFault::OutsideWindow(outside) => outside.code().to_owned(),
        };
        format!("{}_{fault}", self.piece.code())
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match &self.fault {
            CollateralFault::OutsideWindow(OutsideWindow::Expired { .. }) => {
                "fetch fresh collateral, or judge as of a time when this was valid"
            }
            CollateralFault::OutsideWindow(OutsideWindow::NotYetValid { .. }) => {
                "check the clock or the time given to judge at; it lies before this collateral was issued"
            }
            CollateralFault::Chain(error) => error.help(),
            CollateralFault::WrongIssuer => {
                "supply the list of the CA that issued the platform's certificate: Platform or Processor"
            }
            CollateralFault::OtherRoot => "do not mix simulated and genuine collateral",
            _ => "the collateral is damaged or forged; fetch it again from Intel or your cache",
        }
    }
}

const fn fault(piece: Piece, fault: CollateralFault) -> CollateralError {
    CollateralError { piece, fault }
}

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
    windows: [(Piece, Window); 4],
}

impl Collateral {
    /// Verifies every piece as of `at`. (Reference: appraisal steps A 2 to 4.)
    ///
    /// 1. The PCK CRL's issuer chain leads to a trusted root; the root CRL is issued and signed by that root and
    ///    current; the PCK CA is not revoked; the PCK CRL is issued and signed by that CA and current.
    /// 2. TCB Info: its chain of two leads to the same root, the signer is not revoked, the signature is over these
    ///    bytes; then they are read; they are current.
    /// 3. QE identity: the same.
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
        let proof = Proof { roots, memory, at };
        let [pck_ca, root_certificate] = pair(Piece::PckCrl, &self.pck_crl_chain)?;
        let of_pck_crl = |error: CertificateError| fault(Piece::PckCrl, error.into());
        let issuer = Issuer::prove(pck_ca, root_certificate, roots, memory).map_err(of_pck_crl)?;
        let mut pck_window = chain::check_windows(issuer.own_windows(), at).map_err(of_pck_crl)?;
        let root = issuer.root();
        let root_crl = crl(Piece::RootCrl, &self.root_crl, root_certificate, at)?;
        refuse_revoked(Piece::PckCrl, pck_ca, Role::PckCa, &root_crl)?;
        let pck_crl = crl(Piece::PckCrl, &self.pck_crl, pck_ca, at)?;
        pck_window = pck_window.and(pck_crl.validity());

        let tcb_signer = proof.signer(Piece::TcbInfo, &self.tcb_info_chain, root, &root_crl)?;
        check_signature(Piece::TcbInfo, &self.tcb_info, &self.tcb_info_chain)?;
        let tcb_info = TcbInfo::read(&self.tcb_info).map_err(|error| fault(Piece::TcbInfo, error.into()))?;
        current(Piece::TcbInfo, tcb_info.validity, at)?;
        // Intel signs both documents with one key: the same chain is proven once.
        let qe_signer = if self.qe_identity_chain == self.tcb_info_chain {
            tcb_signer
        } else {
            proof.signer(Piece::QeIdentity, &self.qe_identity_chain, root, &root_crl)?
        };
        check_signature(Piece::QeIdentity, &self.qe_identity, &self.qe_identity_chain)?;
        let qe_identity =
            EnclaveIdentity::read(&self.qe_identity).map_err(|error| fault(Piece::QeIdentity, error.into()))?;
        current(Piece::QeIdentity, qe_identity.validity, at)?;

        let windows = [
            (Piece::TcbInfo, tcb_info.validity.and(tcb_signer)),
            (Piece::QeIdentity, qe_identity.validity.and(qe_signer)),
            (Piece::RootCrl, root_crl.validity().and(root_certificate.validity())),
            (Piece::PckCrl, pck_window),
        ];
        let pck_ca = pck_ca.clone();
        Ok(VerifiedCollateral { read: self, root, tcb_info, qe_identity, root_crl, pck_crl, pck_ca, windows })
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
    pub fn validity(&self) -> Window {
        let [(_, first), rest @ ..] = self.windows;
        rest.into_iter().fold(first, |all, (_, window)| all.and(window))
    }

    /// When the oldest of TCB Info, QE identity and PCK CRL was issued; the root CRL is a yearly one.
    pub fn issued(&self) -> UnixTime {
        let first = self.tcb_info.validity.from.min(self.qe_identity.validity.from);
        first.min(self.pck_crl.validity().from)
    }

    /// Each piece with the window in which it and its signers are valid.
    pub const fn windows(&self) -> &[(Piece, Window); 4] {
        &self.windows
    }

    /// Whether every piece is valid at `at`.
    ///
    /// # Errors
    /// Names the first piece that is not.
    pub fn check_windows(&self, at: UnixTime) -> Result<(), CollateralError> {
        self.windows.iter().try_for_each(|&(piece, window)| current(piece, window, at))
    }

    pub(crate) const fn pck_ca(&self) -> &Certificate {
        &self.pck_ca
    }
}

fn pair(piece: Piece, chain: &[Certificate]) -> Result<[&Certificate; 2], CollateralError> {
    match chain {
        [signer, root] => Ok([signer, root]),
        _ => Err(fault(piece, CollateralFault::ChainLength(chain.len()))),
    }
}

/// Under which roots, with what is remembered, and as of when chains are proven.
struct Proof<'a> {
    roots: &'a TrustedRoots,
    memory: &'a Memory,
    at: UnixTime,
}

impl Proof<'_> {
    /// Proves the chain of who signs documents; gives its window.
    fn signer(
        &self,
        piece: Piece,
        chain: &[Certificate],
        expected_root: Root,
        root_crl: &Crl,
    ) -> Result<Window, CollateralError> {
        let [signer, root_certificate] = pair(piece, chain)?;
        let chain = [(signer, Role::TcbSigning), (root_certificate, Role::Root)];
        let (root, window) =
            chain::prove(&chain, self.roots, self.memory, self.at).map_err(|error| fault(piece, error.into()))?;
        if !root.has_key_of(expected_root) {
            return Err(fault(piece, CollateralFault::OtherRoot));
        }
        refuse_revoked(piece, signer, Role::TcbSigning, root_crl)?;
        Ok(window)
    }
}

/// That the first certificate of the chain signed the document.
fn check_signature(piece: Piece, document: &SignedJson, chain: &[Certificate]) -> Result<(), CollateralError> {
    match chain.first() {
        Some(signer) if document.is_signed_by(signer) => Ok(()),
        _ => Err(fault(piece, CollateralFault::BadSignature)),
    }
}

fn refuse_revoked(piece: Piece, certificate: &Certificate, role: Role, root_crl: &Crl) -> Result<(), CollateralError> {
    chain::check_not_revoked(certificate.serial(), role, root_crl).map_err(|error| fault(piece, error.into()))
}

fn current(piece: Piece, window: Window, at: UnixTime) -> Result<(), CollateralError> {
    window.check(at).map_err(|outside| fault(piece, outside.into()))
}

/// Reads a revocation list, which its issuer must have signed and which must be current.
fn crl(piece: Piece, der: &[u8], issuer: &Certificate, at: UnixTime) -> Result<Crl, CollateralError> {
    let crl = Crl::from_der(der).map_err(|error| fault(piece, error.into()))?;
    if !crl.names(issuer) {
        return Err(fault(piece, CollateralFault::WrongIssuer));
    }
    if !crl.is_issued_by(issuer) {
        return Err(fault(piece, CollateralFault::BadSignature));
    }
    current(piece, crl.validity(), at)?;
    Ok(crl)
}
