//! What is said of a bundle that was written.

use serde::Serialize;
use unix_time::{UnixTime, ValidityPeriod};

use crate::list::Listed;
use crate::piece::Kind;
use crate::set::{CollateralSet, PassedOver};

/// What a bundle holds, and what did not get into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleSummary {
    /// How many pieces there are of each kind.
    pub pieces: PieceCounts,
    /// The platform families that it has TCB Info for.
    pub families: Vec<Family>,
    /// The start of the period in which every piece is valid; absent if the pieces do not overlap.
    pub from: Option<UnixTime>,
    /// The end of that period.
    pub until: Option<UnixTime>,
    /// The pieces that no certificate of the bundle signed.
    pub without_signer: Vec<Unsigned>,
    /// The files that were skipped.
    pub unrecognised: Vec<PassedOver>,
}

/// How many pieces there are of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PieceCounts {
    /// TCB Infos.
    pub tcb_infos: usize,
    /// Enclave identities.
    pub identities: usize,
    /// Revocation lists.
    pub revocation_lists: usize,
    /// Certificates.
    pub certificates: usize,
}

/// A platform family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Family {
    /// FMSPC, 12 hexadecimal digits.
    pub fmspc: String,
    /// SGX or TDX.
    pub tee: dcap::Tee,
}

/// A piece without a certificate of its signer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unsigned {
    /// Where it came from.
    pub source: String,
    /// What it is.
    pub what: String,
}

impl BundleSummary {
    /// Summarises a bundle as it was read again, made of the pieces that were loaded.
    pub fn of(bundle: &CollateralSet, loaded: &CollateralSet, at: UnixTime) -> Self {
        let pieces = bundle.list(at);
        let validity = pieces.iter().map(|piece| piece.validity).reduce(ValidityPeriod::and);
        let validity = validity.filter(|whole| whole.from <= whole.until);
        let unsigned = |piece: &Listed| Unsigned { source: piece.source.clone(), what: piece.what.clone() };
        Self {
            pieces: PieceCounts::of(&pieces),
            families: bundle.platform_families().into_iter().map(|(fmspc, tee)| Family { fmspc, tee }).collect(),
            from: validity.map(|whole| whole.from),
            until: validity.map(|whole| whole.until),
            without_signer: pieces.iter().filter(|piece| piece.signer.is_none()).map(unsigned).collect(),
            unrecognised: loaded.unrecognised().to_vec(),
        }
    }
}

impl PieceCounts {
    fn of(pieces: &[Listed]) -> Self {
        let count = |kind: Kind| pieces.iter().filter(|piece| piece.kind == kind).count();
        Self {
            tcb_infos: count(Kind::TcbInfo),
            identities: count(Kind::Identity),
            revocation_lists: count(Kind::Crl),
            certificates: count(Kind::Certificate),
        }
    }
}
