//! Which addresses are fetched from at all.

use fetch::{Address, FetchError, Transport};

#[test]
fn plain_http_is_for_loopback_and_only_if_it_is_allowed() {
    for (text, transport) in [
        ("http://127.0.0.1:1", Transport::Https),
        ("http://attest.example", Transport::HttpsOrLoopbackHttp),
        ("http://127.0.0.1.example", Transport::HttpsOrLoopbackHttp),
        ("http://localhost.example", Transport::HttpsOrLoopbackHttp),
        ("http://192.0.2.1", Transport::HttpsOrLoopbackHttp),
        ("ftp://localhost", Transport::HttpsOrLoopbackHttp),
        ("file:///keys", Transport::DangerousAnyHttp),
    ] {
        assert!(matches!(Address::parse(text, transport), Err(FetchError::Insecure { .. })), "{text}");
    }
    for (text, transport) in [
        ("http://127.0.0.1:1", Transport::HttpsOrLoopbackHttp),
        ("http://[::1]:1", Transport::HttpsOrLoopbackHttp),
        ("http://localhost", Transport::HttpsOrLoopbackHttp),
        ("http://169.254.169.254", Transport::DangerousAnyHttp),
        ("https://attest.example", Transport::Https),
    ] {
        assert!(Address::parse_base(text, transport).is_ok(), "{text}");
    }
}

#[test]
fn an_address_has_no_user_and_no_fragment_and_a_base_no_query() {
    for text in ["", "attest.example", "https://", "https://a#b", "https://u:p@a", "https://u@a"] {
        assert!(matches!(Address::parse(text, Transport::Https), Err(FetchError::Address { .. })), "{text}");
    }
    for text in ["https://a/", "https://a?b", "https://a/b?"] {
        assert!(matches!(Address::parse_base(text, Transport::Https), Err(FetchError::Address { .. })), "{text}");
        assert!(Address::parse(text, Transport::Https).is_ok(), "{text}");
    }
}

#[test]
fn a_path_never_leads_to_another_server() {
    let base = Address::parse_base("https://a.example/p/one", Transport::Https).unwrap();
    assert_eq!(base.at("/certs?x=1").unwrap().as_str(), "https://a.example/p/one/certs?x=1");
    let bare = Address::parse_base("https://a.example", Transport::Https).unwrap();
    for path in ["@b.example", ".b.example", ":444/", "x", ""] {
        assert!(bare.at(path).is_err(), "{path}");
    }
    assert_eq!(bare.at("//b.example").unwrap().as_str(), "https://a.example//b.example");
}

#[test]
fn the_same_origin_is_the_same_scheme_host_and_port() {
    let base = Address::parse_base("https://a.example/p", Transport::Https).unwrap();
    assert!(base.same_origin("https://a.example:443/keys").is_some());
    for other in ["http://a.example/keys", "https://b.example", "https://a.example:444", "/keys", "keys", ""] {
        assert!(base.same_origin(other).is_none(), "{other}");
    }
}
