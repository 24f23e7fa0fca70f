//! The simulated Intel's service over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Subcommand;
use serde_json::{Map, Value};
use simulator::http::Pcs;
use simulator::pcs::{Route, State, States};
use web::tls::{DevelopmentCa, DevelopmentCaError};

use super::{Data, now};
use crate::failure::Failure;
use crate::serve::connections::{cannot_listen, listen};
use crate::serve::simulation::unusable;
use crate::{log, serve, show};

/// How long requests under way are given when it ends.
const GRACE: Duration = Duration::from_secs(1);

/// Serve what Intel's Provisioning Certification Service serves, about the machines of the data directory: version 4 of the API,
/// registration, and the root CRL at /IntelSGXRootCA.der. Routes can be put into states while it runs.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    data: Data,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8082")]
    listen: SocketAddr,
    /// Serve plain HTTP instead of HTTPS with a certificate of the data directory's development CA.
    #[arg(long)]
    http: bool,
}

#[derive(Subcommand)]
enum Command {
    Set(Set),
    Clear(Clear),
    /// Show which routes are in which states.
    States(Data),
}

/// Put a route into a state: it answers 503, or what it gives has expired, and so on.
#[derive(clap::Args)]
struct Set {
    /// pckcert, pckcerts, pckcrl, tcb, qe-identity, qve-identity, tcbevaluationdatanumbers, fmspcs, crl or registration.
    route: Route,
    /// 400, 401, 404, 410, 429, 500 or 503 (with Retry-After: 429:30), expired, not-yet-valid, slow:SECONDS or lying.
    state: State,
    #[command(flatten)]
    data: Data,
}

/// Have a route, or all, do again what it should.
#[derive(clap::Args)]
struct Clear {
    /// The route; all where none is named.
    route: Option<Route>,
    #[command(flatten)]
    data: Data,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        None => serve(arguments),
        Some(Command::Set(Set { route, state, data })) => {
            show_states(&data.open()?.change_states(|states| states.set(*route, *state)).map_err(unusable)?)
        }
        Some(Command::Clear(Clear { route, data })) => {
            let routes = route.as_ref().map_or(&Route::ALL[..], std::slice::from_ref);
            let clear = |states: &mut States| routes.iter().for_each(|route| states.clear(*route));
            show_states(&data.open()?.change_states(clear).map_err(unusable)?)
        }
        Some(Command::States(data)) => show_states(&data.open()?.states().map_err(unusable)?),
    }
}

fn show_states(states: &States) -> Result<(), Failure> {
    let all: Map<String, Value> =
        states.iter().map(|(route, state)| (route.as_str().to_owned(), state.to_string().into())).collect();
    if all.is_empty() { show::line("every route does what it should") } else { show::fields(&Value::Object(all), 0) }
}

fn serve(arguments: &Arguments) -> Result<(), Failure> {
    log::to_stderr();
    let pcs = Pcs::open(&arguments.data.directory(), now).map_err(unusable)?;
    let listener = listen(arguments.listen, "--listen")?;
    let cannot_listen = |error: std::io::Error| cannot_listen(arguments.listen, "--listen", &error);
    let address = listener.local_addr().map_err(cannot_listen)?;
    serve::runtime()?.block_on(async {
        let (scheme, tls) = if arguments.http {
            ("http", None)
        } else {
            let config = DevelopmentCa::open_in(&arguments.data.data, now()).and_then(|ca| ca.server_config(now()));
            ("https", Some(config.map_err(|error: DevelopmentCaError| Failure::of_environment(&error))?))
        };
        let mut serving = pcs.serve(listener, tls).map_err(cannot_listen)?;
        let end = serve::signal()?;
        show::line(&format!(
            "simulated PCS is ready at {scheme}://localhost:{}/sgx/certification/v4/",
            address.port()
        ))?;
        tokio::select! {
            () = end => serving.stop(GRACE).await,
            () = serving.ended() => {
                return Err(Failure::environment("server_failed", "service stopped: the log says why", ""));
            }
        }
        Ok(())
    })
}
