//! Choosing the pieces that belong to a platform: those valid at the time first, then the highest evaluation number, then
//! the newest. Of revocation lists the newest is taken in any case.

use dcap::{Certificate, Collateral, Crl, EnclaveId, EnclaveIdentity, Piece, PlatformFamily, TcbInfo, Tee};
use unix_time::UnixTime;

use crate::choose::candidates::{Candidate, Candidates, Signed};
use crate::choose::error::ChooseError;
use crate::choose::taken::Taken;
use crate::set::{CollateralSet, Source};

/// Collateral for one platform family, and where each piece came from.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The pieces, not verified yet.
    pub collateral: Collateral,
    /// Evaluation data number of TCB Info.
    pub tcb_info_evaluation_data_number: u32,
    /// Evaluation data number of the QE identity.
    pub qe_identity_evaluation_data_number: u32,
    /// What was taken.
    pub taken: Vec<Taken>,
}

impl CollateralSet {
    /// Chooses collateral for a platform family as of `at`: of TCB Info and of QE identity the highest evaluation number that is
    /// valid then. Where nothing is valid then, what ended or begins nearest is taken, so that verification can say what
    /// is wrong with it.
    ///
    /// # Errors
    /// See [`ChooseError`].
    pub fn choose(&self, family: &PlatformFamily, at: UnixTime) -> Result<Choice, ChooseError> {
        let pieces = self.for_family(family, at)?;
        Ok(pieces.choice(pieces.tcb_infos.best()?, pieces.identities.best()?))
    }

    /// Chooses collateral for a platform family once for each evaluation data number that is there and valid at `at`, to see what
    /// `early` and `standard` collateral make of the same quote.
    ///
    /// The first choice is that of [`CollateralSet::choose`]. Then comes one for each number of a TCB Info, highest first,
    /// with the QE identity of the same number; where there is none, with that of the nearest number, of two as near the
    /// higher. The same two documents come once. There is no choice where no TCB Info or no QE identity with a known
    /// signer is valid at `at`. Signers and revocation lists, which have no numbers, may be out of date: verification
    /// says so of each choice.
    ///
    /// # Errors
    /// See [`ChooseError`].
    pub fn choose_each(&self, family: &PlatformFamily, at: UnixTime) -> Result<Vec<Choice>, ChooseError> {
        let pieces = self.for_family(family, at)?;
        let tcb_infos = pieces.tcb_infos.valid_by_number()?;
        let identities = pieces.identities.valid_by_number()?;
        let highest = tcb_infos.first().copied().zip(identities.first().copied());
        let by_number = tcb_infos.iter().filter_map(|&tcb_info| Some((tcb_info, nearest(&identities, tcb_info)?)));
        let mut pairs: Vec<(Signed<'_, TcbInfo>, Signed<'_, EnclaveIdentity>)> = Vec::new();
        for pair in highest.into_iter().chain(by_number) {
            let numbers = |(tcb_info, identity): &(Signed<'_, TcbInfo>, Signed<'_, EnclaveIdentity>)| {
                (tcb_info.number(), identity.number())
            };
            if pairs.iter().all(|before| numbers(before) != numbers(&pair)) {
                pairs.push(pair);
            }
        }
        Ok(pairs.into_iter().map(|(tcb_info, identity)| pieces.choice(tcb_info, identity)).collect())
    }

    fn for_family<'a>(&'a self, family: &'a PlatformFamily, at: UnixTime) -> Result<Pieces<'a>, ChooseError> {
        let (tee, [pck_ca, root]) = (family.tee(), family.crl_issuer_chain());
        let root_crl = self.crl(Piece::RootCrl, root, at)?;
        let pck_crl = self.crl(Piece::PckCrl, pck_ca, at)?;
        let tcb_infos = self.tcb_infos.iter().map(|(source, document)| (source, document, document.content()));
        let tcb_infos = tcb_infos.filter(|(_, _, info)| info.is_about(family));
        // Both versions of one set may be there: the later one says more.
        let tcb_infos = tcb_infos.map(|(source, document, info)| {
            Candidate::new(source, document, info.validity, info.evaluation_data_number, info.version)
        });
        let about = format!("{tee} on FMSPC {}", family.fmspc());
        let tcb_infos = Candidates::new(self, Piece::TcbInfo, about, tcb_infos, at)?;
        let id = match tee {
            Tee::Sgx => EnclaveId::QE,
            Tee::Tdx => EnclaveId::TD_QE,
        };
        let identities = self.identities.iter().map(|(source, document)| (source, document, document.content()));
        let identities = identities.filter(|(_, _, identity)| identity.id == id);
        let identities = identities.map(|(source, document, identity)| {
            Candidate::new(source, document, identity.validity, identity.evaluation_data_number, 0)
        });
        let identities = Candidates::new(self, Piece::QeIdentity, id.to_string(), identities, at)?;
        Ok(Pieces { set: self, family, at, tcb_infos, identities, root_crl, pck_crl })
    }

    /// The newest revocation list that the issuer signed and that has begun by `at`, where it is newer than `than`. One that has
    /// expired is still the newest: an older one, even if it is still valid, may not know of a revocation.
    pub fn newest_list<'a>(&'a self, issuer: &Certificate, at: UnixTime, than: Option<&'a Crl>) -> Option<&'a Crl> {
        self.newest_list_with_source(issuer, at, than).map(|(_, crl)| crl)
    }

    fn newest_list_with_source<'a>(
        &'a self,
        issuer: &Certificate,
        at: UnixTime,
        than: Option<&'a Crl>,
    ) -> Option<(&'a Source, &'a Crl)> {
        let mut newest = None;
        let mut than = than;
        for (source, crl) in &self.crls {
            // A signature costs more than the comparison.
            let is_newer = than.is_none_or(|than| is_newer_list(crl, than));
            if crl.validity().from <= at && is_newer && crl.is_issued_by(issuer) {
                newest = Some((source, crl));
                than = Some(crl);
            }
        }
        newest
    }

    /// The first moment after `at` at which a piece becomes valid: until then, the same platform gets the same choice for as long
    /// as that is valid.
    pub fn next_beginning(&self, at: UnixTime) -> Option<UnixTime> {
        let tcb_infos = self.tcb_infos.iter().map(|(_, document)| document.content().validity);
        let identities = self.identities.iter().map(|(_, document)| document.content().validity);
        let lists = self.crls.iter().map(|(_, crl)| crl.validity());
        let certificates = self.certificates.iter().map(|(_, certificate)| certificate.validity());
        let all = tcb_infos.chain(identities).chain(lists).chain(certificates);
        all.map(|validity| validity.from).filter(|from| *from > at).min()
    }

    fn crl(&self, piece: Piece, issuer: &Certificate, at: UnixTime) -> Result<(&Crl, Taken), ChooseError> {
        let missing = || ChooseError::Missing { piece, about: format!("`{}`", issuer.common_name()) };
        // Where none has begun, the first is taken, so that verification can say what is wrong with it.
        let first = || {
            let issued = self.crls.iter().filter(|(_, crl)| crl.is_issued_by(issuer));
            issued.min_by_key(|(_, crl)| crl.validity().from).map(|(source, crl)| (source, crl))
        };
        let (source, crl) = self.newest_list_with_source(issuer, at, None).or_else(first).ok_or_else(missing)?;
        let validity = crl.validity();
        Ok((crl, Taken { piece, source: source.shown.clone(), evaluation_data_number: None, validity }))
    }
}

/// Whether a revocation list is newer than another of the same issuer.
pub fn is_newer_list(list: &Crl, than: &Crl) -> bool {
    rank(list) > rank(than)
}

/// What is greater is newer.
fn rank(crl: &Crl) -> impl Ord + '_ {
    (crl.validity().from, crl.number().len(), crl.number())
}

/// The pieces for one platform family.
struct Pieces<'a> {
    set: &'a CollateralSet,
    family: &'a PlatformFamily,
    at: UnixTime,
    tcb_infos: Candidates<'a, TcbInfo>,
    identities: Candidates<'a, EnclaveIdentity>,
    root_crl: (&'a Crl, Taken),
    pck_crl: (&'a Crl, Taken),
}

impl Pieces<'_> {
    fn choice(&self, tcb_info: Signed<'_, TcbInfo>, identity: Signed<'_, EnclaveIdentity>) -> Choice {
        let (root_crl, taken_root_crl) = &self.root_crl;
        let (pck_crl, taken_pck_crl) = &self.pck_crl;
        let collateral = Collateral {
            tcb_info: tcb_info.document().clone(),
            tcb_info_chain: self.chain(tcb_info.signer),
            qe_identity: identity.document().clone(),
            qe_identity_chain: self.chain(identity.signer),
            root_crl: (*root_crl).clone(),
            pck_crl: (*pck_crl).clone(),
            pck_crl_chain: self.family.crl_issuer_chain().map(Clone::clone).to_vec(),
        };
        Choice {
            collateral,
            tcb_info_evaluation_data_number: tcb_info.number(),
            qe_identity_evaluation_data_number: identity.number(),
            taken: vec![
                tcb_info.taken(Piece::TcbInfo),
                identity.taken(Piece::QeIdentity),
                taken_root_crl.clone(),
                taken_pck_crl.clone(),
            ],
        }
    }

    /// The signer's certificate and its root's; the platform's own root where the signer's is not there.
    fn chain(&self, signer: &Certificate) -> Vec<Certificate> {
        let [_, pck_root] = self.family.crl_issuer_chain();
        let root = self.set.root_of(signer, self.at).unwrap_or(pck_root);
        vec![signer.clone(), root.clone()]
    }
}

/// The identity of the number of that TCB Info, or of the number nearest to it.
fn nearest<'a>(
    identities: &[Signed<'a, EnclaveIdentity>],
    tcb_info: Signed<'_, TcbInfo>,
) -> Option<Signed<'a, EnclaveIdentity>> {
    // The highest comes first, and of two as near the first is taken.
    identities.iter().copied().min_by_key(|identity| identity.number().abs_diff(tcb_info.number()))
}
