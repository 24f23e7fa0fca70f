//! Quotes of many simulated hosts under one simulated Intel.

use simulator::{Blueprint, EnclaveReport, Link, TrustDomainReport};
use unix_time::UnixTime;

use crate::evidence::{Evidence, Pieces};

/// As of when everything is made and judged.
const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);
/// Hosts of a kind.
const HOSTS: usize = 100;
/// Quotes of each host.
const QUOTES_PER_HOST: usize = 10;

/// A kind of quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    SgxV3,
    TdxV4,
    TdxV5,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::SgxV3, Self::TdxV4, Self::TdxV5];

    pub const fn name(self) -> &'static str {
        match self {
            Self::SgxV3 => "sgx-v3",
            Self::TdxV4 => "tdx-v4",
            Self::TdxV5 => "tdx-v5",
        }
    }

    fn blueprint(self) -> Blueprint {
        let mut blueprint =
            if self == Self::SgxV3 { Blueprint::new(NOW).unwrap() } else { Blueprint::for_tdx(NOW).unwrap() };
        blueprint.quoting.header.version = match self {
            Self::SgxV3 => 3.into(),
            Self::TdxV4 => 4.into(),
            Self::TdxV5 => 5.into(),
        };
        blueprint
    }
}

/// A thousand quotes of a kind.
pub fn evidence(kind: Kind) -> Evidence {
    let fleet = Fleet::new(kind);
    let quotes = (0..HOSTS).flat_map(|_| fleet.host(QUOTES_PER_HOST)).collect();
    fleet.evidence(quotes, HOSTS)
}

/// A simulated Intel with its hosts.
pub struct Fleet {
    kind: Kind,
    blueprint: Blueprint,
    root: Vec<u8>,
    collateral: simulator::Collateral,
}

impl Fleet {
    pub fn new(kind: Kind) -> Self {
        let mut blueprint = kind.blueprint();
        let issued = blueprint.issue().unwrap();
        let collateral = issued.collateral().unwrap();
        let certificates = issued.certificates().clone();
        // All hosts carry the same certificates above their own, as real ones do.
        blueprint.pck_chain =
            vec![Link::Pck, Link::Der(certificates.platform_ca.clone()), Link::Der(certificates.root.clone())];
        Self { kind, blueprint, root: certificates.root, collateral }
    }

    pub fn evidence(&self, quotes: Vec<Vec<u8>>, hosts: usize) -> Evidence {
        Evidence {
            name: self.kind.name().to_owned(),
            quotes,
            hosts,
            pieces: Pieces::of(&self.collateral),
            root: self.root.clone(),
            at: NOW,
        }
    }

    /// Quotes of one more host, each with report data of its own.
    pub fn host(&self, quotes: usize) -> Vec<Vec<u8>> {
        let host = self.blueprint.another_machine().unwrap();
        let issued = host.issue().unwrap();
        (0..quotes).map(|number| self.quote(&issued, u8::try_from(number).unwrap())).collect()
    }

    fn quote(&self, issued: &simulator::Issued<'_>, number: u8) -> Vec<u8> {
        let (report_data, debug) = ([number; 64], false);
        let td = TrustDomainReport { mr_td: [1; 48], rtmr: [[2; 48]; 4], debug, report_data };
        match self.kind {
            Kind::SgxV3 => {
                let enclave = EnclaveReport {
                    mr_enclave: [1; 32],
                    mr_signer: [2; 32],
                    isv_prod_id: 3,
                    isv_svn: 4,
                    debug,
                    report_data,
                };
                issued.quote(&enclave.on(self.blueprint.cpu_svn())).unwrap()
            }
            Kind::TdxV4 => issued.quote(&td.td10()).unwrap(),
            Kind::TdxV5 => issued.quote(&td.td15()).unwrap(),
        }
    }
}
