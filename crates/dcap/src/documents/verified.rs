//! Collateral that was verified once, to be used many times.

use std::sync::Arc;

use crate::documents::collateral::Collateral;
use crate::documents::collateral_error::{CollateralError, Piece};
use crate::documents::enclave_identity::EnclaveIdentity;
use crate::documents::proof::{self, PieceValidity, Proof};
use crate::documents::tcb_info::TcbInfo;
use crate::memo::cache::Cache;
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::pki::pck::Issuer;
use crate::pki::root::{Root, TrustedRoots};
use unix_time::{UnixTime, ValidityPeriod};

/// Collateral whose every signature, chain and validity period held when it was verified. Clones share it.
///
/// It is made by [`Collateral::verify`] and [`Verifier::verify_collateral`](crate::Verifier::verify_collateral) alone. The
/// validity periods are checked again on every use.
///
/// ```compile_fail
/// let collateral: dcap::VerifiedCollateral = Default::default();
/// ```
/// ```compile_fail
/// let collateral: dcap::VerifiedCollateral = serde_json::from_str("{}").unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedCollateral(Arc<Verified>);

#[derive(Debug)]
struct Verified {
    read: Collateral,
    issuer: Issuer,
    validity: [(Piece, ValidityPeriod); 4],
}

impl Collateral {
    /// Verifies every piece as of `at`. (Appraisal steps 3.1 to 3.10.)
    ///
    /// # Errors
    /// See [`CollateralError`]: which piece, and why.
    pub fn verify(self, roots: &TrustedRoots, at: UnixTime) -> Result<VerifiedCollateral, CollateralError> {
        // Cached for this call: the pieces have certificates in common.
        self.verify_with(&Cache::of_hosts(roots.clone(), 16), at)
    }

    pub(crate) fn verify_with(self, cache: &Cache, at: UnixTime) -> Result<VerifiedCollateral, CollateralError> {
        let proof = Proof { collateral: &self, cache };
        let issuer = proof.issuer()?;
        let root_crl = proof.root_crl(&issuer)?;
        let pck_crl = proof.pck_crl(&issuer, root_crl)?;
        let (tcb_info, qe_identity) = proof.documents(&issuer, root_crl);
        let (tcb_info, qe_identity) = (tcb_info?, qe_identity?);
        let of_root_crl = PieceValidity::of_root_crl(&issuer, root_crl);
        let of_pck_crl = PieceValidity::of_pck_crl(&issuer, pck_crl);
        let of_tcb_info = PieceValidity::new(Piece::TcbInfo, tcb_info.signers, tcb_info.content.validity);
        let of_identity = PieceValidity::new(Piece::QeIdentity, qe_identity.signers, qe_identity.content.validity);
        for piece in [&of_pck_crl, &of_root_crl, &of_tcb_info, &of_identity] {
            piece.check(at)?;
        }
        let pieces = [of_tcb_info, of_identity, of_root_crl, of_pck_crl];
        let validity = pieces.map(|piece| (piece.piece, piece.all()));
        Ok(VerifiedCollateral(Arc::new(Verified { read: self, issuer, validity })))
    }
}

impl VerifiedCollateral {
    /// The pieces as they were read, for hashing and for handing on.
    pub fn read(&self) -> &Collateral {
        &self.0.read
    }

    /// The root that every piece leads to.
    pub fn root(&self) -> Root {
        self.0.issuer.root()
    }

    /// TCB Info.
    pub fn tcb_info(&self) -> &TcbInfo {
        self.0.read.tcb_info.content()
    }

    /// QE identity.
    pub fn qe_identity(&self) -> &EnclaveIdentity {
        self.0.read.qe_identity.content()
    }

    /// Root CA CRL.
    pub fn root_crl(&self) -> &Crl {
        &self.0.read.root_crl
    }

    /// PCK CRL.
    pub fn pck_crl(&self) -> &Crl {
        &self.0.read.pck_crl
    }

    /// The period in which every piece, with its signers, is valid.
    pub fn validity(&self) -> ValidityPeriod {
        self.0.validity.iter().fold(ValidityPeriod::ALWAYS, |all, (_, period)| all.and(*period))
    }

    /// When the oldest of TCB Info, QE identity and PCK CRL was issued; the root CRL is a yearly one.
    pub fn issued(&self) -> UnixTime {
        let first = self.tcb_info().validity.from.min(self.qe_identity().validity.from);
        first.min(self.pck_crl().validity().from)
    }

    /// Each piece with the period in which it and its signers are valid.
    pub fn validity_periods(&self) -> &[(Piece, ValidityPeriod); 4] {
        &self.0.validity
    }

    /// Checks that every piece is valid at `at`.
    ///
    /// # Errors
    /// Names the first piece that is not.
    pub fn check_validity(&self, at: UnixTime) -> Result<(), CollateralError> {
        self.0.validity.iter().try_for_each(|&(piece, period)| proof::check_validity(piece, period, at))
    }

    /// The CA that issued the PCK CRL.
    pub(crate) fn pck_ca(&self) -> &Certificate {
        self.0.issuer.ca()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::collateral::Collateral;
    use crate::documents::signed_document::SignedDocument;
    use problem::Problem;
    use simulator::Blueprint;
    use unix_time::UnixTime;

    const AT: UnixTime = UnixTime::from_seconds(1_790_000_000);

    fn certificates(pem: &str) -> Vec<Certificate> {
        let blocks = crate::pki::pem::blocks(pem.as_bytes(), "CERTIFICATE").unwrap();
        blocks.iter().map(|der| Certificate::from_der(der).unwrap()).collect()
    }

    fn collateral() -> Collateral {
        let made = Blueprint::new(AT).unwrap().collateral().unwrap();
        Collateral {
            tcb_info: SignedDocument::from_wrapper(&made.tcb_info).unwrap(),
            tcb_info_chain: certificates(&made.tcb_info_chain_pem),
            qe_identity: SignedDocument::from_wrapper(&made.qe_identity).unwrap(),
            qe_identity_chain: certificates(&made.qe_identity_chain_pem),
            root_crl: Crl::from_der(&made.root_crl).unwrap(),
            pck_crl: Crl::from_der(&made.pck_crl).unwrap(),
            pck_crl_chain: certificates(&made.pck_crl_chain_pem),
        }
    }

    #[test]
    fn rejects_pieces_of_two_roots_though_both_are_trusted() {
        let [one, other] = [collateral(), collateral()];
        // No caller can ask for two roots yet; the rule is there for when one can.
        let keys = [&one, &other].map(|of| *of.pck_crl_chain[1].public_key()).to_vec();
        let roots = TrustedRoots::of(keys, Vec::new());
        let verify = |mixed: Collateral| mixed.verify(&roots, AT);
        assert!(verify(one.clone()).is_ok() && verify(other.clone()).is_ok());
        let (tcb_info, tcb_info_chain) = (other.tcb_info.clone(), other.tcb_info_chain.clone());
        let refused = verify(Collateral { tcb_info, tcb_info_chain, ..one.clone() }).unwrap_err();
        assert_eq!(refused.code(), "tcb_info_other_root");
        let (qe_identity, qe_identity_chain) = (other.qe_identity, other.qe_identity_chain);
        let refused = verify(Collateral { qe_identity, qe_identity_chain, ..one }).unwrap_err();
        assert_eq!((&*refused.code(), refused.help().is_empty()), ("qe_identity_other_root", false));
    }
}
