//! Trust domains of the simulator's making.

use abi::quote::body_type;
use abi::tdx::{TdReport10, TdReport15, TdReport15Ex};
use dcap::{TcbStatus, VerifiedCollateral, VerifiedQuote, Verifier};
use simulator::{Blueprint, TcbLevelSpec, TdxModuleIdentitySpec, TrustDomainReport};

use super::{Fresh, NOW, at, peer, roots_of};

/// A machine with TDX and a trust domain on it, TDX 1.5 in a quote of version 5.
pub struct TrustDomain {
    pub machine: Blueprint,
    /// All that any of the three bodies has.
    pub report: TdReport15Ex,
    /// The body that its quote has.
    pub body_type: u16,
}

impl Fresh for TrustDomain {
    fn fresh() -> Self {
        let report = TrustDomainReport { mr_td: [1; 48], rtmr: [[2; 48]; 4], debug: false, report_data: [5; 64] };
        let machine = Blueprint::for_tdx(at(NOW)).unwrap();
        let mut made = Self { machine, report: report.td15_ex(), body_type: 0 };
        made.body(5, body_type::TD15);
        made
    }
}

impl TrustDomain {
    /// Version of its quote, and which body is in it.
    pub fn body(&mut self, version: u16, body_type: u16) {
        self.machine.quoting.header.version = version.into();
        self.body_type = body_type;
    }

    /// The fields of every TD report.
    pub fn td(&mut self) -> &mut TdReport10 {
        &mut self.report.base.base
    }

    /// The fields of TDX 1.5.
    pub fn td15(&mut self) -> &mut TdReport15 {
        &mut self.report.base
    }

    /// Sets those bits of TDATTRIBUTES.
    pub fn set(&mut self, attributes: u64) {
        let td = self.td();
        td.td_attributes = (td.td_attributes.get() | attributes).into();
    }

    /// SVN of a TDX component at launch.
    pub fn launch(&mut self, component: usize, svn: u8) {
        self.td().tee_tcb_svn[component] = svn;
    }

    /// SVN of a TDX component now.
    pub fn now(&mut self, component: usize, svn: u8) {
        self.td15().tee_tcb_svn2[component] = svn;
    }

    /// SVN of a TDX component at launch and now.
    pub fn svn(&mut self, component: usize, svn: u8) {
        self.launch(component, svn);
        self.now(component, svn);
    }

    /// The TCB levels: up to date, and an older one that is out of date.
    pub fn levels(&mut self) -> &mut [TcbLevelSpec] {
        &mut self.machine.tcb_info.spec.tcb_levels
    }

    /// What all levels demand of a TDX component.
    pub fn demand(&mut self, component: usize, svn: u32) {
        for level in self.levels() {
            level.tdx_components.as_mut().unwrap()[component].svn = svn;
        }
    }

    /// Status of one of those levels.
    pub fn level(&mut self, level: usize, status: TcbStatus) {
        self.levels()[level].tcb_status = status.to_string();
    }

    /// The identities of modules: of major version 3, which this trust domain is on, and of 1.
    pub fn modules(&mut self) -> &mut Vec<TdxModuleIdentitySpec> {
        self.machine.tcb_info.spec.tdx_module_identities.as_mut().unwrap()
    }

    pub fn quote(&self) -> Vec<u8> {
        let report = &self.report;
        match self.body_type {
            body_type::TD10 => self.machine.quote(&report.base.base),
            body_type::TD15 => self.machine.quote(&report.base),
            _ => self.machine.quote(report),
        }
        .unwrap()
    }
}

/// One change to what would otherwise be beyond reproach.
pub type Change = fn(&mut TrustDomain);

pub fn trust_domain(change: Change) -> TrustDomain {
    let mut made = TrustDomain::fresh();
    change(&mut made);
    made
}

pub fn collateral(made: &TrustDomain) -> Result<VerifiedCollateral, String> {
    super::collateral(&made.machine)
}

/// The whole line.
pub fn verify(made: &TrustDomain) -> Result<VerifiedQuote, String> {
    let verifier = Verifier::new(roots_of(&made.machine));
    super::verify_with(&made.quote(), &collateral(made)?, &verifier, at(NOW))
}

/// The status, or the code of the refusal. Another verifier must say the same status, or refuse as well.
pub fn status(made: &TrustDomain) -> Result<TcbStatus, String> {
    let ours = verify(made).map(|quote| quote.tcb().status);
    let issued = made.machine.issue().unwrap();
    let theirs = peer::verdict(&made.quote(), issued.collateral().unwrap(), &issued.certificates().root);
    assert_eq!(ours.as_ref().ok().map(TcbStatus::to_string), theirs.clone().ok(), "{ours:?}, they say {theirs:?}");
    ours
}
