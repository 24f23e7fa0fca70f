//! Proving collateral piece by piece, whatever the time: verification stops at the first fault, a diagnosis goes on.

use crate::documents::collateral::Collateral;
use crate::documents::collateral_error::{CollateralError, CollateralFault, Piece, fault};
use crate::documents::enclave_identity::EnclaveIdentity;
use crate::documents::signed_document::{Document, SignedDocument};
use crate::documents::tcb_info::TcbInfo;
use crate::memo::cache::Cache;
use crate::pki::certificate::Certificate;
use crate::pki::chain::{self, CertificateError, Role};
use crate::pki::crl::Crl;
use crate::pki::pck::Issuer;
use unix_time::{UnixTime, ValidityPeriod};

/// The collateral to prove, with a cache and its roots.
pub(crate) struct Proof<'a> {
    pub(crate) collateral: &'a Collateral,
    pub(crate) cache: &'a Cache,
}

/// A document whose signature is proven, and when its signers are valid.
pub(crate) struct Proven<'a, T> {
    pub(crate) content: &'a T,
    pub(crate) signers: Vec<(Role, ValidityPeriod)>,
}

impl<'a> Proof<'a> {
    /// Appraisal step 3.1: the CA whose revocation list is there, and its root.
    pub(crate) fn issuer(&self) -> Result<Issuer, CollateralError> {
        let [ca, root] = pair(Piece::PckCrl, &self.collateral.pck_crl_chain)?;
        self.cache.pcks.prove_issuer(ca, root).map_err(|error| fault(Piece::PckCrl, error.into()))
    }

    /// Appraisal step 3.2: the root issued the root CA CRL.
    pub(crate) fn root_crl(&self, issuer: &Issuer) -> Result<&'a Crl, CollateralError> {
        let crl = &self.collateral.root_crl;
        check_crl(Piece::RootCrl, crl, issuer.root_certificate())?;
        Ok(crl)
    }

    /// Appraisal steps 3.3 and 3.4: the CA is not revoked, and it issued the PCK CRL.
    pub(crate) fn pck_crl(&self, issuer: &Issuer, root_crl: &Crl) -> Result<&'a Crl, CollateralError> {
        refuse_revoked(Piece::PckCrl, issuer.ca(), Role::PckCa, root_crl)?;
        let crl = &self.collateral.pck_crl;
        check_crl(Piece::PckCrl, crl, issuer.ca())?;
        Ok(crl)
    }

    /// Appraisal steps 3.5 to 3.9: TCB Info and QE identity. Intel signs both with one key: a chain that both have is proven
    /// once.
    #[allow(clippy::type_complexity)]
    pub(crate) fn documents(
        &self,
        issuer: &Issuer,
        root_crl: &Crl,
    ) -> (Result<Proven<'a, TcbInfo>, CollateralError>, Result<Proven<'a, EnclaveIdentity>, CollateralError>) {
        let Collateral { tcb_info, tcb_info_chain, qe_identity, qe_identity_chain, .. } = self.collateral;
        let signers = self.signers(Piece::TcbInfo, tcb_info_chain, issuer, root_crl);
        let of_identity = match &signers {
            Ok(signers) if qe_identity_chain == tcb_info_chain => Ok(signers.clone()),
            _ => self.signers(Piece::QeIdentity, qe_identity_chain, issuer, root_crl),
        };
        let tcb_info = signers.and_then(|signers| signed(Piece::TcbInfo, signers, tcb_info, tcb_info_chain));
        let qe_identity =
            of_identity.and_then(|signers| signed(Piece::QeIdentity, signers, qe_identity, qe_identity_chain));
        (tcb_info, qe_identity)
    }

    /// Appraisal steps 3.5 and 3.6, and 3.8 (QE identity): the chain of the signer of a document leads to the issuer's
    /// root, and the signer is not revoked. Returns the validity periods of the chain.
    fn signers(
        &self,
        piece: Piece,
        chain: &[Certificate],
        issuer: &Issuer,
        root_crl: &Crl,
    ) -> Result<Vec<(Role, ValidityPeriod)>, CollateralError> {
        let [signer, root_certificate] = pair(piece, chain)?;
        let chain = [(signer, Role::TcbSigning), (root_certificate, Role::Root)];
        let signatures = &self.cache.signatures;
        // The issuer's root is proven, and most often it is this root.
        if root_certificate == issuer.root_certificate() {
            chain::check_link(root_certificate, signer, Role::TcbSigning, signatures)
                .map_err(|error| fault(piece, error.into()))?;
        } else {
            let root =
                chain::prove(&chain, self.cache.roots(), signatures).map_err(|error| fault(piece, error.into()))?;
            if root != issuer.root() {
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
        Self::new(Piece::PckCrl, issuer.validity_periods().to_vec(), crl.validity())
    }

    /// Appraisal step 3.10: the piece and its signers are valid at `at`.
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

fn check_crl(piece: Piece, crl: &Crl, issuer: &Certificate) -> Result<(), CollateralError> {
    if !crl.names(issuer) {
        return Err(fault(piece, CollateralFault::WrongIssuer));
    }
    if !crl.is_issued_by(issuer) {
        return Err(fault(piece, CollateralFault::BadSignature));
    }
    Ok(())
}

/// Appraisal steps 3.7 and 3.9: the first certificate of the chain signed the exact bytes of the document. Only then is what was
/// read of them handed out.
fn signed<'a, T: Document>(
    piece: Piece,
    signers: Vec<(Role, ValidityPeriod)>,
    document: &'a SignedDocument<T>,
    chain: &[Certificate],
) -> Result<Proven<'a, T>, CollateralError> {
    match chain.first() {
        Some(signer) if document.is_signed_by(signer) => Ok(Proven { content: document.content(), signers }),
        _ => Err(fault(piece, CollateralFault::BadSignature)),
    }
}
