//! Proving collateral piece by piece, whatever the time: verification stops at the first fault, a diagnosis goes on.

use crate::documents::collateral::Collateral;
use crate::documents::collateral_error::{CollateralError, CollateralFault, Piece, fault};
use crate::documents::enclave_identity::EnclaveIdentity;
use crate::documents::signed_json::{MalformedJson, SignedJson};
use crate::documents::tcb_info::TcbInfo;
use crate::memo::memory::Memory;
use crate::memo::prove;
use crate::pki::certificate::Certificate;
use crate::pki::chain::{self, CertificateError, Role};
use crate::pki::crl::Crl;
use crate::pki::issuer::Issuer;
use crate::pki::root::TrustedRoots;
use unix_time::{UnixTime, ValidityPeriod};

/// What is proven, under which roots, with what is remembered.
pub(crate) struct Proof<'a> {
    pub(crate) collateral: &'a Collateral,
    pub(crate) roots: &'a TrustedRoots,
    pub(crate) memory: &'a Memory,
}

/// A document whose signature is proven, and when its signers are valid.
pub(crate) struct Signed<T> {
    pub(crate) content: T,
    pub(crate) signers: Vec<(Role, ValidityPeriod)>,
}

impl Proof<'_> {
    /// The CA whose revocation list is there, and its root.
    pub(crate) fn issuer(&self) -> Result<Issuer, CollateralError> {
        let [ca, root] = pair(Piece::PckCrl, &self.collateral.pck_crl_chain)?;
        prove::issuer_of_certificates(ca, root, self.roots, &self.memory.pcks)
            .map_err(|error| fault(Piece::PckCrl, error.into()))
    }

    pub(crate) fn root_crl(&self, issuer: &Issuer) -> Result<Crl, CollateralError> {
        crl(Piece::RootCrl, &self.collateral.root_crl, issuer.root_certificate())
    }

    pub(crate) fn pck_crl(&self, issuer: &Issuer, root_crl: &Crl) -> Result<Crl, CollateralError> {
        refuse_revoked(Piece::PckCrl, issuer.ca(), Role::PckCa, root_crl)?;
        crl(Piece::PckCrl, &self.collateral.pck_crl, issuer.ca())
    }

    /// TCB Info and QE identity. Intel signs both with one key: a chain that both have is proven once.
    #[allow(clippy::type_complexity)]
    pub(crate) fn documents(
        &self,
        issuer: &Issuer,
        root_crl: &Crl,
    ) -> (Result<Signed<TcbInfo>, CollateralError>, Result<Signed<EnclaveIdentity>, CollateralError>) {
        let Collateral { tcb_info, tcb_info_chain, qe_identity, qe_identity_chain, .. } = self.collateral;
        let signers = self.signers(Piece::TcbInfo, tcb_info_chain, issuer, root_crl);
        let of_identity = match &signers {
            Ok(signers) if qe_identity_chain == tcb_info_chain => Ok(signers.clone()),
            _ => self.signers(Piece::QeIdentity, qe_identity_chain, issuer, root_crl),
        };
        let signed = |signers, piece, document, chain: &[Certificate]| {
            let signers: Vec<_> = signers?;
            check_signature(piece, document, chain)?;
            Ok(signers)
        };
        let tcb_info = signed(signers, Piece::TcbInfo, tcb_info, tcb_info_chain)
            .and_then(|signers| read(Piece::TcbInfo, signers, TcbInfo::read(tcb_info)));
        let qe_identity = signed(of_identity, Piece::QeIdentity, qe_identity, qe_identity_chain)
            .and_then(|signers| read(Piece::QeIdentity, signers, EnclaveIdentity::read(qe_identity)));
        (tcb_info, qe_identity)
    }

    /// Proves the chain of who signs documents, which leads to the issuer's root; returns its validity periods.
    fn signers(
        &self,
        piece: Piece,
        chain: &[Certificate],
        issuer: &Issuer,
        root_crl: &Crl,
    ) -> Result<Vec<(Role, ValidityPeriod)>, CollateralError> {
        let [signer, root_certificate] = pair(piece, chain)?;
        let chain = [(signer, Role::TcbSigning), (root_certificate, Role::Root)];
        let signatures = &self.memory.signatures;
        // The issuer's root is proven, and most often it is this root.
        if root_certificate == issuer.root_certificate() {
            chain::check_link(root_certificate, signer, Role::TcbSigning, signatures)
                .map_err(|error| fault(piece, error.into()))?;
        } else {
            let root = chain::prove(&chain, self.roots, signatures).map_err(|error| fault(piece, error.into()))?;
            if !root.has_key_of(issuer.root()) {
                return Err(fault(piece, CollateralFault::OtherRoot));
            }
        }
        refuse_revoked(piece, signer, Role::TcbSigning, root_crl)?;
        Ok(chain.map(|(certificate, role)| (role, certificate.validity())).to_vec())
    }
}

/// When a piece is valid: each of its signers, and the piece itself.
pub(crate) struct PieceValidity {
    pub(crate) piece: Piece,
    signers: Vec<(Role, ValidityPeriod)>,
    own: ValidityPeriod,
}

impl PieceValidity {
    pub(crate) const fn new(piece: Piece, signers: Vec<(Role, ValidityPeriod)>, own: ValidityPeriod) -> Self {
        Self { piece, signers, own }
    }

    pub(crate) fn of_root_crl(issuer: &Issuer, crl: &Crl) -> Self {
        let root = (Role::Root, issuer.root_certificate().validity());
        Self::new(Piece::RootCrl, vec![root], crl.validity())
    }

    pub(crate) fn of_pck_crl(issuer: &Issuer, crl: &Crl) -> Self {
        Self::new(Piece::PckCrl, issuer.own_validity_periods().to_vec(), crl.validity())
    }

    pub(crate) fn check(&self, at: UnixTime) -> Result<(), CollateralError> {
        self.check_signers(at).map_err(|error| fault(self.piece, error.into()))?;
        check_validity(self.piece, self.own, at)
    }

    fn check_signers(&self, at: UnixTime) -> Result<ValidityPeriod, CertificateError> {
        chain::check_validity(self.signers.iter().copied(), at)
    }

    /// When all of it is valid.
    pub(crate) fn all(&self) -> ValidityPeriod {
        self.signers.iter().fold(self.own, |all, (_, period)| all.and(*period))
    }
}

pub(crate) fn check_validity(piece: Piece, period: ValidityPeriod, at: UnixTime) -> Result<(), CollateralError> {
    period.check(at).map_err(|outside| fault(piece, outside.into()))
}

fn pair(piece: Piece, chain: &[Certificate]) -> Result<[&Certificate; 2], CollateralError> {
    match chain {
        [signer, root] => Ok([signer, root]),
        _ => Err(fault(piece, CollateralFault::ChainLength(chain.len()))),
    }
}

fn refuse_revoked(piece: Piece, certificate: &Certificate, role: Role, root_crl: &Crl) -> Result<(), CollateralError> {
    chain::check_not_revoked(certificate.serial(), role, root_crl).map_err(|error| fault(piece, error.into()))
}

/// Reads a revocation list, which its issuer must have signed.
fn crl(piece: Piece, der: &[u8], issuer: &Certificate) -> Result<Crl, CollateralError> {
    let crl = Crl::from_der(der).map_err(|error| fault(piece, error.into()))?;
    if !crl.names(issuer) {
        return Err(fault(piece, CollateralFault::WrongIssuer));
    }
    if !crl.is_issued_by(issuer) {
        return Err(fault(piece, CollateralFault::BadSignature));
    }
    Ok(crl)
}

/// That the first certificate of the chain signed the document.
fn check_signature(piece: Piece, document: &SignedJson, chain: &[Certificate]) -> Result<(), CollateralError> {
    match chain.first() {
        Some(signer) if document.is_signed_by(signer) => Ok(()),
        _ => Err(fault(piece, CollateralFault::BadSignature)),
    }
}

fn read<T>(
    piece: Piece,
    signers: Vec<(Role, ValidityPeriod)>,
    content: Result<T, MalformedJson>,
) -> Result<Signed<T>, CollateralError> {
    Ok(Signed { content: content.map_err(|error| fault(piece, error.into()))?, signers })
}
