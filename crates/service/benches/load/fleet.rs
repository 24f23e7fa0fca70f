//! Quotes of many simulated hosts under one simulated Intel, and the collateral for them.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use simulator::{Blueprint, EnclaveReport, Issued, Link};
use unix_time::UnixTime;

const HOSTS: u8 = 100;
const QUOTES_PER_HOST: u8 = 10;

/// What a client sends.
pub struct Evidence {
    pub quote: Vec<u8>,
    /// Its hash is the first half of the report data.
    pub runtime_data: Vec<u8>,
}

impl Evidence {
    /// The body of a request.
    pub fn request(&self) -> String {
        let [quote, data] = [&self.quote, &self.runtime_data].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        format!(r#"{{"quote":"{quote}","runtimeData":{{"data":"{data}","dataType":"Binary"}}}}"#)
    }
}

pub struct Fleet {
    /// Distinct quotes: of the first host, of the second, and so on, and then again.
    pub evidence: Vec<Evidence>,
    pub root_pem: String,
    collateral: simulator::Collateral,
}

impl Fleet {
    pub fn new() -> Self {
        let mut blueprint = Blueprint::new(UnixTime::of_system_clock()).unwrap();
        let issued = blueprint.issue().unwrap();
        let collateral = issued.collateral().unwrap();
        let root_pem = issued.chain(&[Link::Root], blueprint.chain_style);
        let certificates = issued.certificates().clone();
        // All hosts carry the same certificates above their own, as real ones do.
        blueprint.pck_chain = vec![Link::Pck, Link::Der(certificates.platform_ca), Link::Der(certificates.root)];
        let hosts: Vec<Blueprint> = (0..HOSTS).map(|_| blueprint.another_machine().unwrap()).collect();
        let hosts: Vec<Issued<'_>> = hosts.iter().map(|host| host.issue().unwrap()).collect();
        let evidence = (0..QUOTES_PER_HOST)
            .flat_map(|number| (0..HOSTS).map(move |host| [host, number]))
            .map(|[host, number]| evidence(&hosts[usize::from(host)], blueprint.cpu_svn(), [host, number]))
            .collect();
        Self { evidence, root_pem, collateral }
    }

    /// Writes the collateral as the service takes it.
    pub fn write_collateral(&self, directory: &Path) {
        self.collateral.write_to(directory).unwrap();
    }
}

fn evidence(host: &Issued<'_>, cpu_svn: [u8; 16], which: [u8; 2]) -> Evidence {
    // As long as a public key on P-256.
    let runtime_data = which.repeat(32);
    let mut report_data = [0; 64];
    report_data[..32].copy_from_slice(digest(&SHA256, &runtime_data).as_ref());
    let [mr_enclave, mr_signer] = [[1; 32], [2; 32]];
    let report = EnclaveReport { mr_enclave, mr_signer, isv_prod_id: 3, isv_svn: 4, debug: false, report_data };
    Evidence { quote: host.quote(&report.on(cpu_svn)).unwrap(), runtime_data }
}

/// Seconds since 1970.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}
