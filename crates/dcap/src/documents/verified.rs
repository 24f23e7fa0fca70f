//! Collateral that was verified once, to be used many times.

use crate::documents::collateral::Collateral;
use crate::documents::collateral_error::{CollateralError, Piece};
use crate::documents::enclave_identity::EnclaveIdentity;
use crate::documents::proof::{self, PieceValidity, Proof};
use crate::documents::tcb_info::TcbInfo;
use crate::memo::memory::Memory;
use crate::pki::certificate::Certificate;
use crate::pki::crl::Crl;
use crate::pki::root::{Root, TrustedRoots};
use unix_time::{UnixTime, ValidityPeriod};

/// Collateral whose every signature, chain and validity period held when it was verified.
///
/// It is made by [`Collateral::verify`] alone. The validity periods are checked again on every use.
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
    validity: [(Piece, ValidityPeriod); 4],
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
        let of_root_crl = PieceValidity::of_root_crl(&issuer, &root_crl);
        let of_pck_crl = PieceValidity::of_pck_crl(&issuer, &pck_crl);
        let of_tcb_info = PieceValidity::new(Piece::TcbInfo, tcb_info.signers, tcb_info.content.validity);
        let of_identity = PieceValidity::new(Piece::QeIdentity, qe_identity.signers, qe_identity.content.validity);
        for piece in [&of_pck_crl, &of_root_crl, &of_tcb_info, &of_identity] {
            piece.check(at)?;
        }
        let pieces = [of_tcb_info, of_identity, of_root_crl, of_pck_crl];
        Ok(VerifiedCollateral {
            root: issuer.root(),
            pck_ca: issuer.ca().clone(),
            read: self,
            tcb_info: tcb_info.content,
            qe_identity: qe_identity.content,
            root_crl,
            pck_crl,
            validity: pieces.map(|piece| (piece.piece, piece.all())),
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
        let [(_, first), rest @ ..] = self.validity;
        rest.into_iter().fold(first, |all, (_, period)| all.and(period))
    }

    /// When the oldest of TCB Info, QE identity and PCK CRL was issued; the root CRL is a yearly one.
    pub fn issued(&self) -> UnixTime {
        let first = self.tcb_info.validity.from.min(self.qe_identity.validity.from);
        first.min(self.pck_crl.validity().from)
    }

    /// Each piece with the period in which it and its signers are valid.
    pub const fn validity_periods(&self) -> &[(Piece, ValidityPeriod); 4] {
        &self.validity
    }

    /// Whether every piece is valid at `at`.
    ///
    /// # Errors
    /// Names the first piece that is not.
    pub fn check_validity(&self, at: UnixTime) -> Result<(), CollateralError> {
        self.validity.iter().try_for_each(|&(piece, period)| proof::check_validity(piece, period, at))
    }

    pub(crate) const fn pck_ca(&self) -> &Certificate {
        &self.pck_ca
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::collateral::Collateral;
    use crate::documents::signed_json::SignedJson;
    use simulator::Blueprint;
    use unix_time::UnixTime;

    const AT: i64 = 1_790_000_000;

    fn certificates(pem: &str) -> Vec<Certificate> {
        let blocks = crate::pki::pem::blocks(pem.as_bytes(), "CERTIFICATE").unwrap();
        blocks.iter().map(|der| Certificate::from_der(der).unwrap()).collect()
    }

    fn collateral() -> Collateral {
        let made = Blueprint::new(AT).unwrap().collateral().unwrap();
        Collateral {
            tcb_info: SignedJson::from_wrapper(&made.tcb_info, "tcbInfo").unwrap(),
            tcb_info_chain: certificates(&made.tcb_info_chain_pem),
            qe_identity: SignedJson::from_wrapper(&made.qe_identity, "enclaveIdentity").unwrap(),
            qe_identity_chain: certificates(&made.qe_identity_chain_pem),
            root_crl: made.root_crl,
            pck_crl: made.pck_crl,
            pck_crl_chain: certificates(&made.pck_crl_chain_pem),
        }
    }

    #[test]
    fn rejects_pieces_of_two_roots_though_both_are_trusted() {
        let [one, other] = [collateral(), collateral()];
        // No caller can ask for two roots yet; the rule is there for when one can.
        let keys = [&one, &other].map(|of| *of.pck_crl_chain[1].public_key()).to_vec();
        let roots = TrustedRoots::of(keys, Vec::new());
        let verify = |mixed: Collateral| mixed.verify(&roots, UnixTime::from_seconds(AT));
        assert!(verify(one.clone()).is_ok() && verify(other.clone()).is_ok());
        let (tcb_info, tcb_info_chain) = (other.tcb_info.clone(), other.tcb_info_chain.clone());
        let refused = verify(Collateral { tcb_info, tcb_info_chain, ..one.clone() }).unwrap_err();
        assert_eq!(refused.code(), "tcb_info_other_root");
        let (qe_identity, qe_identity_chain) = (other.qe_identity, other.qe_identity_chain);
        let refused = verify(Collateral { qe_identity, qe_identity_chain, ..one }).unwrap_err();
        assert_eq!((refused.code().as_str(), refused.help().is_empty()), ("qe_identity_other_root", false));
    }
}
