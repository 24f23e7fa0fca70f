//! Evidence of the simulator's making, for targets and seeds.

use abi::tdx::TdReport15Ex;
use collateral::CollateralSet;
use dcap::{Certificate, Quote, TrustedRoots, VerifiedCollateral, Verifier};
use unix_time::UnixTime;
use simulator::{Blueprint, EnclaveReport, TrustDomainReport};

/// When everything is made and judged.
pub const NOW: i64 = 1_790_000_000;

/// What is decided about an enclave, as little as there can be.
pub const MANIFEST: &str = "heap-size = 0\nstack-size = 4096\nthreads = 1\nisv-prod-id = 0\nisv-svn = 0\n";

/// A simulated machine with a quote of each form that it makes.
pub struct Machine {
    pub quotes: Vec<Vec<u8>>,
    pub collateral: simulator::Collateral,
    pub root: Vec<u8>,
    pub pck: Vec<u8>,
}

impl Machine {
    /// One with SGX (versions 3, 4, 5) and one with TDX (versions 4 and 5, all bodies).
    pub fn all() -> [Self; 2] {
        [Self::sgx(), Self::tdx()]
    }

    fn sgx() -> Self {
        let mut blueprint = Blueprint::new(UnixTime::from_seconds(NOW)).unwrap();
        let enclave = EnclaveReport {
            mr_enclave: [1; 32],
            mr_signer: [2; 32],
            isv_prod_id: 3,
            isv_svn: 4,
            debug: false,
            report_data: [5; 64],
        };
        let report = enclave.on(blueprint.cpu_svn());
        let quotes = [3_u16, 4, 5].map(|version| {
            blueprint.quoting.header.version = version.into();
            blueprint.quote(&report).unwrap()
        });
        Self::of(&blueprint, quotes.to_vec())
    }

    fn tdx() -> Self {
        let mut blueprint = Blueprint::for_tdx(UnixTime::from_seconds(NOW)).unwrap();
        let report = TrustDomainReport { mr_td: [1; 48], rtmr: [[2; 48]; 4], debug: false, report_data: [5; 64] };
        let TdReport15Ex { base, .. } = report.td15_ex();
        let mut quotes = vec![blueprint.quote(&base.base).unwrap()];
        blueprint.quoting.header.version = 5.into();
        quotes.push(blueprint.quote(&base.base).unwrap());
        quotes.push(blueprint.quote(&base).unwrap());
        quotes.push(blueprint.quote(&report.td15_ex()).unwrap());
        Self::of(&blueprint, quotes)
    }

    fn of(blueprint: &Blueprint, quotes: Vec<Vec<u8>>) -> Self {
        let issued = blueprint.issue().unwrap();
        let certificates = issued.certificates().clone();
        let collateral = issued.collateral().unwrap();
        Self { quotes, collateral, root: certificates.root, pck: certificates.pck }
    }

    /// Each quote with what verifies it.
    pub fn evidence(self) -> Vec<(Vec<u8>, Verifier, VerifiedCollateral)> {
        let at = UnixTime::from_seconds(NOW);
        let verifier = Verifier::new(TrustedRoots::only(&Certificate::from_der(&self.root).unwrap()));
        let set = self.set();
        let prepare = |quote: Vec<u8>| {
            let parsed = Quote::parse(&quote).unwrap();
            let pck = verifier.prove(&parsed, None, at).unwrap();
            let choice = set.choose(&pck.family(parsed.tee()), at).unwrap();
            let collateral = verifier.verify_collateral(choice.collateral, at).unwrap();
            verifier.verify(&parsed, &pck, &collateral, at).unwrap();
            (quote, verifier.clone(), collateral)
        };
        self.quotes.into_iter().map(prepare).collect()
    }

    /// Its collateral, read.
    pub fn set(&self) -> CollateralSet {
        let mut set = CollateralSet::default();
        for (name, bytes) in self.pieces() {
            set.add(name, &bytes).unwrap();
        }
        set
    }

    /// Its collateral as files.
    pub fn pieces(&self) -> [(&'static str, Vec<u8>); 7] {
        let made = self.collateral.clone();
        [
            ("tcb_info.json", made.tcb_info),
            ("qe_identity.json", made.qe_identity),
            ("root.crl", made.root_crl),
            ("pck.crl", made.pck_crl),
            ("tcb_chain.pem", made.tcb_info_chain_pem.into_bytes()),
            ("qe_chain.pem", made.qe_identity_chain_pem.into_bytes()),
            ("pck_chain.pem", made.pck_crl_chain_pem.into_bytes()),
        ]
    }
}
