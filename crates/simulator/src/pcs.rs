//! The simulated Intel's Provisioning Certification Service: version 4 of the API, and registration; without HTTP, which whoever
//! serves it adds.
//!
//! Each route can be put into a [`State`], so that clients can be seen to deal with it. Besides, as on Intel's own service:
//! evaluation numbers 19 to 21 are served, 20 as `standard` and 21 as `early`, in which no machine is up to date; older ones are
//! gone (410). Version 3 is gone as a whole.
//!
//! Source: Intel PCS API 4, Intel SGX and TDX Registration Service API.

mod answer;
mod certificates;
mod documents;
mod evaluation;
mod lie;
mod manifest;

use unix_time::UnixTime;

use crate::kept::SimulationError;
use crate::machine::CaType;
use crate::simulation::Simulation;
use crate::time::DAY;

pub use crate::service_state::{Route, State, States};
use answer::Refusal;
pub use answer::{Answer, Request};
pub use manifest::manifest;

/// How long documents are valid.
const LIFETIME: i64 = 30 * DAY;

/// Which kind of machine a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tee {
    Sgx,
    Tdx,
}

impl Tee {
    const fn id(self) -> &'static str {
        match self {
            Self::Sgx => "SGX",
            Self::Tdx => "TDX",
        }
    }
}

/// Answers a request at `at`, with the routes in those states.
///
/// # Errors
/// Where the simulation cannot be read.
pub fn answer(
    simulation: &Simulation,
    states: &States,
    request: &Request<'_>,
    at: UnixTime,
) -> Result<Answer, SimulationError> {
    let Some((route, tee)) = route(request.path) else {
        let is_gone =
            ["/sgx/certification/v3/", "/sgx/certification/v2/"].iter().any(|old| request.path.starts_with(old));
        return Ok(if is_gone { Refusal::Gone } else { Refusal::NotFound }.answer().named()?);
    };
    let state = states.of(route);
    if let Some(State::Refusing(status, retry_after)) = state {
        return Ok(refusing(status, retry_after).named()?);
    }
    let mut answer = match (Pcs { simulation, state, at }).route(route, tee, request) {
        Ok(answer) => answer,
        Err(Fault::Refusal(refusal)) => refusal.answer(),
        Err(Fault::Simulation(error)) => return Err(error),
    };
    match state {
        Some(State::Slow(delay)) => answer.delay = delay,
        Some(State::Lying) => lie::tell(&mut answer.body),
        _ => {}
    }
    Ok(answer.named()?)
}

/// What a path asks for, and about which kind of machine.
fn route(path: &str) -> Option<(Route, Tee)> {
    let (tee, rest) = match path.strip_prefix("/sgx/certification/v4/") {
        Some(rest) => (Tee::Sgx, rest),
        None => match path.strip_prefix("/tdx/certification/v4/") {
            Some(rest) => (Tee::Tdx, rest),
            None => {
                let registration = path.starts_with("/sgx/registration/v1/").then_some((Route::Registration, Tee::Sgx));
                return registration.or((path == "/IntelSGXRootCA.der").then_some((Route::Crl, Tee::Sgx)));
            }
        },
    };
    let route = match (rest, tee) {
        ("tcb", _) => Route::Tcb,
        ("qe/identity", _) => Route::QeIdentity,
        ("tcbevaluationdatanumbers", _) => Route::EvaluationDataNumbers,
        ("qve/identity", Tee::Sgx) => Route::QveIdentity,
        ("pckcert", Tee::Sgx) => Route::PckCert,
        ("pckcerts" | "pckcerts/config", Tee::Sgx) => Route::PckCerts,
        ("pckcrl", Tee::Sgx) => Route::PckCrl,
        ("fmspcs", Tee::Sgx) => Route::Fmspcs,
        ("crl", Tee::Sgx) => Route::Crl,
        _ => return None,
    };
    Some((route, tee))
}

fn refusing(status: u16, retry_after: Option<u32>) -> Answer {
    let answer = Answer::new(status, "text/plain", "");
    match (status, retry_after) {
        (400, None) => Refusal::Syntax.answer(),
        (_, Some(seconds)) => answer.with("Retry-After", seconds.to_string()),
        (429, None) => answer.with("Retry-After", "10"),
        _ => answer,
    }
}

/// One request.
struct Pcs<'a> {
    simulation: &'a Simulation,
    state: Option<State>,
    at: UnixTime,
}

/// Why there is no answer of the usual kind.
enum Fault {
    Refusal(Refusal),
    Simulation(SimulationError),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl<E: Into<SimulationError>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Simulation(error.into())
    }
}

impl Pcs<'_> {
    fn route(&self, route: Route, tee: Tee, request: &Request<'_>) -> Result<Answer, Fault> {
        match (route, request.method) {
            (Route::PckCert, "GET" | "POST") => self.pck_cert(request),
            (Route::PckCerts, "GET" | "POST") => self.pck_certs(request),
            (Route::Registration, "POST") => self.register(request),
            (Route::PckCrl, "GET") => self.pck_crl(request),
            (Route::Tcb, "GET") => self.tcb(request, tee),
            (Route::QeIdentity, "GET") => self.qe_identity(request, tee),
            (Route::QveIdentity, "GET") => self.qve_identity(request),
            (Route::EvaluationDataNumbers, "GET") => self.evaluation_numbers(tee),
            (Route::Fmspcs, "GET") => self.fmspcs(request),
            (Route::Crl, "GET") if request.path == "/IntelSGXRootCA.der" => self.root_crl(),
            (Route::Crl, "GET") => self.crl(request),
            _ => Err(Refusal::NotFound.into()),
        }
    }

    /// From when to when a document holds.
    fn window(&self) -> (UnixTime, UnixTime) {
        let begins = match self.state {
            Some(State::Expired) => self.at.plus(LIFETIME.saturating_add(DAY).saturating_neg()),
            Some(State::NotYetValid) => self.at.plus(DAY),
            _ => self.at,
        };
        (begins, begins.plus(LIFETIME))
    }

    /// The same of a revocation list, which is valid so long otherwise.
    fn crl_window(&self, next_update: Option<UnixTime>) -> (UnixTime, Option<UnixTime>) {
        match self.state {
            Some(State::Expired | State::NotYetValid) => {
                let (begins, ends) = self.window();
                (begins, Some(ends))
            }
            _ => (self.at, next_update),
        }
    }

    /// TCB Signing and root, PEM.
    fn signing_chain(&self) -> String {
        let certificates = self.simulation.intel().certificates(Vec::new());
        answer::pem([certificates.tcb_signing.as_slice(), &certificates.root])
    }

    /// A CA and the root, PEM.
    fn ca_chain(&self, ca: CaType) -> String {
        let certificates = self.simulation.intel().certificates(Vec::new());
        answer::pem([certificates.ca(ca).as_slice(), &certificates.root])
    }
}
