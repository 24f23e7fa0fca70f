//! Where a service listens and under which URLs it is reached.

use std::net::TcpListener;

use attestation::{Addresses, InvalidProviderDomain, ProviderDomain, PublicUrl};
use web::tls::DevelopmentCa;

use super::connections::{cannot_listen, listen};
use super::settings::Settings;
use crate::failure::Failure;

/// Listens where the settings say.
pub fn bind(settings: &Settings) -> Result<TcpListener, Failure> {
    check_listen(settings)?;
    listen(settings.listen, "--listen")
}

/// The addresses of a service with that listener.
pub fn of_listener(settings: &Settings, listener: &TcpListener) -> Result<Addresses, Failure> {
    let port = listener.local_addr().map_err(|error| cannot_listen(settings.listen, "--listen", &error))?.port();
    at_port(settings, port)
}

/// The addresses of a service that has not been started.
pub fn planned(settings: &Settings) -> Result<Addresses, Failure> {
    check_listen(settings)?;
    at_port(settings, settings.listen.port())
}

fn at_port(settings: &Settings, port: u16) -> Result<Addresses, Failure> {
    let addresses = Addresses::new(public_url(settings, port)?, provider_domain(settings)?);
    check_loopback(settings, &addresses)?;
    check_certificate(settings, addresses.service())?;
    Ok(addresses)
}

/// Refuses a public URL for which there is no certificate.
fn check_certificate(settings: &Settings, url: &PublicUrl) -> Result<(), Failure> {
    if settings.tls_certificate.is_some() || settings.http || DevelopmentCa::covers(url.host()) {
        return Ok(());
    }
    Err(Failure::usage(
        "tls_missing",
        format!("the development CA is good for localhost alone, not for `{}`", url.host()),
        "pass --tls-certificate and --tls-key, or --http behind a proxy that does TLS",
    ))
}

fn check_listen(settings: &Settings) -> Result<(), Failure> {
    if settings.simulated && !settings.listen.ip().is_loopback() {
        return Err(beyond_loopback(&format!("--listen {}", settings.listen)));
    }
    Ok(())
}

/// A simulated service is reached on loopback alone, whatever forwards requests to it.
fn check_loopback(settings: &Settings, addresses: &Addresses) -> Result<(), Failure> {
    if !settings.simulated || addresses.are_loopback() {
        return Ok(());
    }
    Err(beyond_loopback(&match &settings.provider_domain {
        Some(domain) if addresses.service().is_loopback() => format!("--provider-domain {domain}"),
        _ => format!("--public-url {}", addresses.service().as_str()),
    }))
}

fn beyond_loopback(option: &str) -> Failure {
    Failure::usage(
        "simulated_beyond_loopback",
        format!("a simulated machine is served on loopback only, not with `{option}`"),
        "others could take its tokens for genuine ones; use `localhost`, a name that ends in `.localhost`, or a loopback address",
    )
}

fn public_url(settings: &Settings, port: u16) -> Result<PublicUrl, Failure> {
    let scheme = if settings.http { "http" } else { "https" };
    let text = settings.public_url.clone().unwrap_or_else(|| format!("{scheme}://localhost:{port}"));
    PublicUrl::parse(&text)
        .map_err(|error| Failure::usage("public_url_malformed", error.to_string(), "give the URL that clients use"))
}

fn provider_domain(settings: &Settings) -> Result<Option<ProviderDomain>, Failure> {
    let Some(text) = &settings.provider_domain else { return Ok(None) };
    let malformed = |error: InvalidProviderDomain| {
        Failure::usage("provider_domain_malformed", error.to_string(), "give a domain, without `*.`")
    };
    let domain = ProviderDomain::parse(text).map_err(malformed)?;
    if settings.tls_certificate.is_none() && !settings.http {
        return Err(Failure::usage(
            "tls_missing",
            format!("the development CA is good for localhost alone, not for names in `{text}`"),
            "pass --tls-certificate and --tls-key with a certificate for `*.DOMAIN`, or --http behind a proxy that does TLS",
        ));
    }
    Ok(Some(domain))
}
