//! Listing what a set holds, for people.

use std::collections::BTreeMap;
use std::fmt;

use dcap::{Certificate, Tee};
use serde::Serialize;
use unix_time::{OutsideValidity, UnixTime, ValidityPeriod};

use crate::choose::candidates::MAX_KEYS;
use crate::piece::Kind;
use crate::set::CollateralSet;

/// One piece of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Which kind of piece.
    pub kind: Kind,
    /// The file it came from, with the member where one file holds several pieces.
    pub source: String,
    /// What it is and what it is about.
    pub what: String,
    /// Its evaluation number; revocation lists and certificates have none.
    pub evaluation_data_number: Option<u32>,
    /// When it is valid.
    #[serde(flatten)]
    pub validity: ValidityPeriod,
    /// Whether that is now.
    pub state: State,
    /// The certificate of the set whose key signed it, if one did; not proven to lead to any root.
    pub signer: Option<String>,
}

/// Whether a piece is valid at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum State {
    /// It is.
    #[serde(rename = "valid")]
    Valid,
    /// It was.
    #[serde(rename = "expired")]
    Expired,
    /// It will be.
    #[serde(rename = "not yet valid")]
    NotYetValid,
}

impl State {
    fn at(validity: ValidityPeriod, at: UnixTime) -> Self {
        match validity.check(at) {
            Ok(()) => Self::Valid,
            Err(OutsideValidity::Expired { .. }) => Self::Expired,
            Err(OutsideValidity::NotYetValid { .. }) => Self::NotYetValid,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::NotYetValid => "not yet valid",
        })
    }
}

impl CollateralSet {
    /// Lists every piece: TCB Infos, identities, revocation lists, certificates, with its state at `at`. Signers are judged as of
    /// then too, where several certificates of one key are there.
    pub fn list(&self, at: UnixTime) -> Vec<Listed> {
        let mut listed = Vec::new();
        for (source, document) in &self.tcb_infos {
            let info = document.content();
            listed.push(Listed {
                kind: Kind::TcbInfo,
                source: source.shown.clone(),
                what: format!("TCB Info for {} on FMSPC {}, version {}", info.tee, info.fmspc_text(), info.version),
                evaluation_data_number: Some(info.evaluation_data_number),
                validity: info.validity,
                state: State::at(info.validity, at),
                signer: self.signer_of(document, at).map(name),
            });
        }
        for (source, document) in &self.identities {
            let identity = document.content();
            listed.push(Listed {
                kind: Kind::Identity,
                source: source.shown.clone(),
                what: format!("identity of {}", identity.id),
                evaluation_data_number: Some(identity.evaluation_data_number),
                validity: identity.validity,
                state: State::at(identity.validity, at),
                signer: self.signer_of(document, at).map(name),
            });
        }
        let by_subject = self.by_subject();
        // Those of the issuer's name alone: a signature is not tried with every key there is.
        let named = |issuer: String| by_subject.get(&issuer).into_iter().flatten().take(MAX_KEYS);
        for (source, crl) in &self.crls {
            let issuer = named(crl.issuer_text()).find(|above| crl.is_issued_by(above));
            listed.push(Listed {
                kind: Kind::Crl,
                source: source.shown.clone(),
                what: format!("revocation list with {} certificates of `{}`", crl.len(), crl.issuer_text()),
                evaluation_data_number: None,
                validity: crl.validity(),
                state: State::at(crl.validity(), at),
                signer: issuer.map(|above| name(above)),
            });
        }
        for (source, certificate) in &self.certificates {
            let issuer = named(certificate.issuer_text()).find(|above| above.signed(certificate));
            listed.push(Listed {
                kind: Kind::Certificate,
                source: source.shown.clone(),
                what: format!("certificate of `{}`", certificate.common_name()),
                evaluation_data_number: None,
                validity: certificate.validity(),
                state: State::at(certificate.validity(), at),
                signer: issuer.map(|above| name(above)),
            });
        }
        listed
    }

    /// The platform families that there is TCB Info for: FMSPC and TEE, sorted.
    pub fn platform_families(&self) -> Vec<(String, Tee)> {
        let mut families: Vec<_> = self
            .tcb_infos
            .iter()
            .map(|(_, document)| document.content())
            .map(|info| (info.fmspc_text(), info.tee))
            .collect();
        families.sort_by_key(|(fmspc, tee)| (fmspc.clone(), tee.to_string()));
        families.dedup();
        families
    }

    fn by_subject(&self) -> BTreeMap<String, Vec<&Certificate>> {
        let mut by_subject: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (_, certificate) in &self.certificates {
            by_subject.entry(certificate.subject_text()).or_default().push(certificate);
        }
        by_subject
    }
}

fn name(certificate: &Certificate) -> String {
    certificate.common_name().to_owned()
}
