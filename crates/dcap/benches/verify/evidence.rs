//! What is measured: quotes of many simulated hosts under one simulated Intel.

use dcap::{Certificate, Collateral, SignedJson, TrustedRoots, UnixTime, pem};
use simulator::{Blueprint, EnclaveReport, Link, TrustDomainReport};

/// As of when everything is made and judged.
pub const NOW: i64 = 1_790_000_000;
/// Hosts of a kind.
pub const HOSTS: usize = 100;
/// Quotes of each host.
pub const QUOTES_PER_HOST: usize = 10;

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

/// A simulated Intel with its hosts, as bytes.
pub struct Fleet {
    kind: Kind,
    blueprint: Blueprint,
    pub root: Vec<u8>,
    pub collateral: simulator::Collateral,
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

    pub fn roots(&self) -> TrustedRoots {
        TrustedRoots::only(&Certificate::from_der(&self.root).unwrap())
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

/// Collateral as it is handed out: chains in PEM, documents as text with their signatures, lists in DER.
#[derive(Clone)]
pub struct Pieces {
    pub tcb_info: String,
    pub tcb_info_signature: String,
    pub tcb_info_chain: String,
    pub qe_identity: String,
    pub qe_identity_signature: String,
    pub qe_identity_chain: String,
    pub root_crl: Vec<u8>,
    pub pck_crl: Vec<u8>,
    pub pck_crl_chain: String,
}

impl Pieces {
    pub fn of(made: &simulator::Collateral) -> Self {
        let (tcb_info, tcb_info_signature) = apart(&made.tcb_info, "tcbInfo");
        let (qe_identity, qe_identity_signature) = apart(&made.qe_identity, "enclaveIdentity");
        Self {
            tcb_info,
            tcb_info_signature,
            tcb_info_chain: made.tcb_info_chain_pem.clone(),
            qe_identity,
            qe_identity_signature,
            qe_identity_chain: made.qe_identity_chain_pem.clone(),
            root_crl: made.root_crl.clone(),
            pck_crl: made.pck_crl.clone(),
            pck_crl_chain: made.pck_crl_chain_pem.clone(),
        }
    }

    /// Reads every piece, as each cold verification has to.
    pub fn read(&self) -> Collateral {
        Collateral {
            tcb_info: SignedJson::new(self.tcb_info.clone().into_bytes(), &self.tcb_info_signature).unwrap(),
            tcb_info_chain: certificates(&self.tcb_info_chain),
            qe_identity: SignedJson::new(self.qe_identity.clone().into_bytes(), &self.qe_identity_signature).unwrap(),
            qe_identity_chain: certificates(&self.qe_identity_chain),
            root_crl: self.root_crl.clone(),
            pck_crl: self.pck_crl.clone(),
            pck_crl_chain: certificates(&self.pck_crl_chain),
        }
    }
}

fn certificates(text: &str) -> Vec<Certificate> {
    let blocks = pem::blocks(text.as_bytes(), "CERTIFICATE").unwrap();
    blocks.iter().map(|der| Certificate::from_der(der).unwrap()).collect()
}

fn apart(document: &[u8], member: &str) -> (String, String) {
    let members: std::collections::BTreeMap<String, Box<serde_json::value::RawValue>> =
        serde_json::from_slice(document).unwrap();
    (members[member].get().to_owned(), serde_json::from_str(members["signature"].get()).unwrap())
}

pub fn now() -> UnixTime {
    UnixTime::from_seconds(NOW)
}
