//! A process of its own, in which no rustls provider is installed.

use token::fetch::{ClientError, client};

#[test]
fn client_without_a_provider_is_an_error_and_no_panic() {
    assert!(matches!(client(None), Err(ClientError::NoProvider)));
}
