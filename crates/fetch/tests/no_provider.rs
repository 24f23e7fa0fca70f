//! A process of its own, in which no rustls provider is installed.

use std::time::Duration;

use fetch::{Client, ClientError, Proxy, Roots, Timeouts};

#[test]
fn client_without_a_provider_is_an_error_and_no_panic() {
    let timeouts = Timeouts { connect: Duration::from_secs(1), request: Duration::from_secs(1) };
    assert!(matches!(Client::new(Roots::Platform, Proxy::Never, timeouts), Err(ClientError::NoProvider)));
}
