//! Choosing the pieces that belong to a platform: those valid at the time first, then the highest evaluation number, then
//! the newest.

use std::cmp::Reverse;

use dcap::{Certificate, Collateral, Crl, EnclaveId, Piece, ProvenPck, SignedJson, Tee, UnixTime, Window};

use crate::set::CollateralSet;

/// Collateral for one platform, and where each piece came from.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The pieces, not verified yet.
    pub collateral: Collateral,
    /// What was taken.
    pub taken: Vec<Taken>,
}

/// A piece that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Which piece.
    pub piece: Piece,
    /// The file it came from, with the member where one file holds several pieces.
    pub source: String,
    /// Its evaluation number; revocation lists have none.
    pub evaluation_data_number: Option<u32>,
    /// When it is valid.
    pub validity: Window,
}

/// Why there is no collateral for a platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// No such piece.
    #[error("there is no {piece} for {about}")]
    Missing {
        /// Which piece.
        piece: Piece,
        /// What it should be about.
        about: String,
    },
    /// A signed document, and no certificate that signed it.
    #[error("there is no certificate of the signer of the {0}")]
    NoSigner(Piece),
}

impl ChooseError {
    /// A stable name of the fault.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "collateral_missing",
            Self::NoSigner(_) => "collateral_signer_missing",
        }
    }

    /// What to do about it.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "add the piece: fetch it from Intel's service or your cache for this platform",
            Self::NoSigner(_) => "add the issuer chain that came with the document (TCB signing certificate and root)",
        }
    }
}

impl CollateralSet {
    /// Chooses collateral for a platform as of `at`. Where nothing is valid then, what ended or begins nearest is
    /// taken, so that verification can say what is wrong with it.
    ///
    /// # Errors
    /// See [`ChooseError`].
    pub fn choose(&self, pck: &ProvenPck, tee: Tee, at: UnixTime) -> Result<Choice, ChooseError> {
        let [pck_ca, root] = pck.crl_issuer_chain();
        let (root_crl, taken_root_crl) = self.crl(Piece::RootCrl, root, at)?;
        let (pck_crl, taken_pck_crl) = self.crl(Piece::PckCrl, pck_ca, at)?;
        let tcb_infos = self.tcb_infos.iter().filter(|(_, _, info)| info.tee == tee && info.is_about(pck)).map(
            |(source, document, info)| {
                // Both versions of one set may be there: the later one says more.
                let rank = (info.evaluation_data_number, info.validity.from, info.version);
                Candidate { source, document, validity: info.validity, number: info.evaluation_data_number, rank }
            },
        );
        let about = format!("{tee} on FMSPC {}", pck.fmspc());
        let (tcb_info, tcb_info_chain, taken_tcb_info) = self.signed(Piece::TcbInfo, about, tcb_infos, root, at)?;
        let id = match tee {
            Tee::Sgx => EnclaveId::QE,
            Tee::Tdx => EnclaveId::TD_QE,
        };
        let identities =
            self.identities.iter().filter(|(_, _, identity)| identity.id == id).map(|(source, document, identity)| {
                let rank = (identity.evaluation_data_number, identity.validity.from, 0);
                Candidate {
                    source,
                    document,
                    validity: identity.validity,
                    number: identity.evaluation_data_number,
                    rank,
                }
            });
        let (qe_identity, qe_identity_chain, taken_identity) =
            self.signed(Piece::QeIdentity, id.to_string(), identities, root, at)?;
        Ok(Choice {
            collateral: Collateral {
                tcb_info,
                tcb_info_chain,
                qe_identity,
                qe_identity_chain,
                root_crl: root_crl.der().to_vec(),
                pck_crl: pck_crl.der().to_vec(),
                pck_crl_chain: vec![pck_ca.clone(), root.clone()],
            },
            taken: vec![taken_tcb_info, taken_identity, taken_root_crl, taken_pck_crl],
        })
    }

    fn crl(&self, piece: Piece, issuer: &Certificate, at: UnixTime) -> Result<(&Crl, Taken), ChooseError> {
        let missing = || ChooseError::Missing { piece, about: format!("`{}`", issuer.common_name()) };
        let (source, crl) = self
            .crls
            .iter()
            .filter(|(_, crl)| crl.is_issued_by(issuer))
            .max_by_key(|(_, crl)| (nearness(crl.validity(), at), crl.validity().from))
            .ok_or_else(missing)?;
        let validity = crl.validity();
        Ok((crl, Taken { piece, source: source.clone(), evaluation_data_number: None, validity }))
    }

    /// The best document with the chain of its signer. One with a known signer goes before one without.
    fn signed<'a>(
        &self,
        piece: Piece,
        about: String,
        candidates: impl Iterator<Item = Candidate<'a>>,
        pck_root: &Certificate,
        at: UnixTime,
    ) -> Result<(SignedJson, Vec<Certificate>, Taken), ChooseError> {
        let best = candidates
            .map(|candidate| (self.signer_of(candidate.document, at), candidate))
            .max_by_key(|(signer, candidate)| (signer.is_some(), nearness(candidate.validity, at), candidate.rank));
        let (signer, candidate) = best.ok_or(ChooseError::Missing { piece, about })?;
        let signer = signer.ok_or(ChooseError::NoSigner(piece))?;
        let roots = self.certificates.iter().map(|(_, certificate)| certificate);
        let root = roots.into_iter().find(|root| root.is_self_issued() && root.signed(signer)).unwrap_or(pck_root);
        let taken = Taken {
            piece,
            source: candidate.source.to_owned(),
            evaluation_data_number: Some(candidate.number),
            validity: candidate.validity,
        };
        Ok((candidate.document.clone(), vec![signer.clone(), root.clone()], taken))
    }

    pub(crate) fn signer_of(&self, document: &SignedJson, at: UnixTime) -> Option<&Certificate> {
        self.certificates
            .iter()
            .map(|(_, certificate)| certificate)
            .filter(|certificate| document.is_signed_by(certificate))
            .max_by_key(|certificate| (nearness(certificate.validity(), at), certificate.validity().until))
    }
}

struct Candidate<'a> {
    source: &'a str,
    document: &'a SignedJson,
    validity: Window,
    number: u32,
    rank: (u32, UnixTime, u32),
}

/// Valid at the time ranks highest; otherwise the smaller the gap the higher.
fn nearness(window: Window, at: UnixTime) -> Reverse<i64> {
    let before = window.from.seconds().saturating_sub(at.seconds());
    let after = at.seconds().saturating_sub(window.until.seconds());
    Reverse(before.max(after).max(0))
}
