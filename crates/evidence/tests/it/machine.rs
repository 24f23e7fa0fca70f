//! Simulated machines, their quotes, and the appraisal of these.

use collateral::CollateralSet;
use dcap::{Certificate, Collateral};
use evidence::{
    Anchors, Appraisal, Body, Context, Endorsement, EndorsementKey, Kind, Pending, Request, Requirements, Step,
    Verified, begin,
};
use problem::Problem;
use simulator::{Blueprint, EnclaveReport};
use unix_time::UnixTime;

pub const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);
pub const DAY: i64 = 86_400;

/// A machine, its evidence and the root of its Intel.
pub struct Machine {
    pub made: Blueprint,
    pub anchors: Anchors,
}

impl Machine {
    pub fn new() -> Self {
        Self::of(Blueprint::new(NOW).unwrap())
    }

    pub fn of(made: Blueprint) -> Self {
        let root = made.issue().unwrap().certificates().root.clone();
        Self { made, anchors: Anchors::only(&Certificate::from_der(&root).unwrap()) }
    }

    pub fn root_pem(&self) -> String {
        dcap::pem::encode(&self.made.issue().unwrap().certificates().root, "CERTIFICATE")
    }

    /// A quote of an enclave, changed before it is signed.
    pub fn quote(&self, change: impl FnOnce(&mut abi::sgx::ReportBody)) -> Vec<u8> {
        let mut report = enclave().on(self.made.cpu_svn());
        change(&mut report);
        self.made.issue().unwrap().quote(&report).unwrap()
    }

    /// The collateral for the family that an appraisal needs.
    pub fn collateral(&self, key: &EndorsementKey) -> Collateral {
        let EndorsementKey::Collateral(family) = key;
        let issued = self.made.issue().unwrap().collateral().unwrap();
        let mut set = CollateralSet::default();
        let chain = issued.tcb_info_chain_pem.into_bytes();
        for piece in [issued.tcb_info, issued.qe_identity, issued.root_crl, issued.pck_crl, chain] {
            set.add("piece", &piece).unwrap();
        }
        set.choose(family, NOW).unwrap().collateral
    }

    pub fn endorsement(&self, key: &EndorsementKey) -> Endorsement {
        self.anchors.verify_collateral(self.collateral(key), NOW).unwrap()
    }

    pub fn context(&self) -> Context<'_> {
        Context::new(&self.anchors, NOW)
    }

    /// The appraisal up to its needs.
    pub fn begin<'a>(&self, kind: Kind, body: &'a [u8]) -> Result<(EndorsementKey, Pending<'a>), String> {
        let begun = begin(&Request { kind, body: Body::of(body), certificates: None }, &self.context());
        match begun.map_err(|error| error.code().into_owned())? {
            Step::Needs(needs, pending) => Ok((needs.into_iter().next().unwrap(), pending)),
            Step::Verified(_) => panic!("nothing was needed"),
        }
    }

    pub fn verify(&self, kind: Kind, body: &[u8]) -> Result<Verified, String> {
        let (key, pending) = self.begin(kind, body)?;
        match pending.supply(&[self.endorsement(&key)], &self.context()) {
            Ok(Step::Verified(verified)) => Ok(verified),
            Ok(Step::Needs(..)) => panic!("more is needed"),
            Err(error) => Err(error.code().into_owned()),
        }
    }

    pub fn appraise(&self, kind: Kind, body: &[u8], requirements: &Requirements) -> Result<Appraisal, String> {
        self.verify(kind, body)?.judge(requirements).map_err(|refusal| refusal.code().into_owned())
    }
}

pub const fn enclave() -> EnclaveReport {
    EnclaveReport {
        mr_enclave: [1; 32],
        mr_signer: [2; 32],
        isv_prod_id: 1,
        isv_svn: 1,
        debug: false,
        report_data: [0; 64],
    }
}
