//! Responses of Intel's service and of caches, as `curl -i` saves them.

mod made;

use collateral::{CollateralSet, Response, ResponseError, Unrecognised};
use dcap::pem;
use made::{Evidence, NOW, at, evidence, made, url_encoded, verify};
use problem::Problem;

/// A response with those lines in its head.
fn saved(head: &[&str], body: &[u8], line_end: &str) -> Vec<u8> {
    let head: String = head.iter().map(|line| format!("{line}{line_end}")).collect();
    [head.as_bytes(), line_end.as_bytes(), body].concat()
}

fn chain_header(name: &str, pem: &str) -> String {
    format!("{name}: {}", url_encoded(pem))
}

fn add(bytes: &[u8]) -> Result<CollateralSet, Unrecognised> {
    let mut set = CollateralSet::default();
    set.add("saved.txt", bytes).map(|()| set)
}

fn refused(bytes: &[u8]) -> ResponseError {
    match add(bytes).unwrap_err() {
        Unrecognised::Response(error) => error,
        other => panic!("{other:?}"),
    }
}

/// The answers to the four requests, with each header's name as given.
fn responses(of: &Evidence, names: [&str; 3], line_end: &str) -> Vec<Vec<u8>> {
    let collateral = &of.collateral;
    let chains = [&collateral.tcb_info_chain_pem, &collateral.qe_identity_chain_pem, &collateral.pck_crl_chain_pem];
    let [tcb_chain, qe_chain, crl_chain] = [0, 1, 2].map(|number| chain_header(names[number], chains[number]));
    let status = "HTTP/1.1 200 OK";
    vec![
        saved(&[status, "Content-Type: application/json", &tcb_chain], &collateral.tcb_info, line_end),
        saved(&[status, &qe_chain, "Request-ID: 1"], &collateral.qe_identity, line_end),
        saved(&[status, &crl_chain], &collateral.pck_crl, line_end),
        saved(&[status], hex::encode(&collateral.root_crl).as_bytes(), line_end),
    ]
}

#[test]
fn responses_of_every_header_name_and_line_end_are_taken() {
    let of = evidence(&made());
    let names = [
        ["TCB-Info-Issuer-Chain", "SGX-Enclave-Identity-Issuer-Chain", "SGX-PCK-CRL-Issuer-Chain"],
        ["SGX-TCB-Info-Issuer-Chain", "SGX-Enclave-Identity-Issuer-Chain", "SGX-PCK-CRL-Issuer-Chain"],
        ["tcb-info-issuer-chain", "sgx-enclave-identity-issuer-chain", "sgx-pck-crl-issuer-chain"],
    ];
    for (names, line_end) in names.into_iter().zip(["\r\n", "\n", "\r\n"]) {
        let mut set = CollateralSet::default();
        for response in responses(&of, names, line_end) {
            set.add("saved", &response).unwrap();
        }
        assert!(verify(&of.quote, &set, &of.roots, at(NOW)).is_ok());
        let sources: Vec<_> = set.list(at(NOW)).into_iter().map(|piece| piece.source).collect();
        assert!(sources.contains(&"saved#body".to_owned()), "{sources:?}");
        let header = if names[0].starts_with('t') { "TCB-Info-Issuer-Chain" } else { names[0] };
        assert!(sources.contains(&format!("saved#{header}")), "{sources:?}");
    }
}

#[test]
fn a_plus_in_a_chain_stays_a_plus() {
    let of = evidence(&made());
    // Of many certificates one has a plus in its base64, and it is not escaped here.
    let chain =
        (0..64).map(|_| made().collateral().unwrap().tcb_info_chain_pem).find(|chain| chain.contains('+')).unwrap();
    let response =
        saved(&["HTTP/2 200 ", &chain_header("TCB-Info-Issuer-Chain", &chain)], &of.collateral.tcb_info, "\n");
    assert!(str::from_utf8(&response).unwrap().contains('+'));
    assert_eq!(add(&response).unwrap().list(at(NOW)).len(), 3);
    let escaped = str::from_utf8(&response).unwrap().replace('+', "%2b");
    assert_eq!(add(escaped.as_bytes()).unwrap().list(at(NOW)).len(), 3);
}

#[test]
fn revocation_lists_are_taken_in_each_encoding_of_the_body() {
    let of = made().collateral().unwrap();
    let pem = pem::encode(&of.pck_crl, "X509 CRL");
    let hex = hex::encode_upper(&of.pck_crl) + "\r\n";
    for body in [&of.pck_crl[..], pem.as_bytes(), hex.as_bytes()] {
        assert_eq!(add(&saved(&["HTTP/1.1 200 OK"], body, "\r\n")).unwrap().list(at(NOW)).len(), 1);
    }
}

#[test]
fn a_pck_certificate_comes_with_its_cas_chain() {
    let made = made();
    let issued = made.issue().unwrap();
    let chain = issued.collateral().unwrap().pck_crl_chain_pem;
    let leaf = pem::encode(&issued.certificates().pck, "CERTIFICATE");
    let header = chain_header("SGX-PCK-Certificate-Issuer-Chain", &chain);
    let set = add(&saved(&["HTTP/1.1 200 OK", &header, "SGX-FMSPC: 00"], leaf.as_bytes(), "\r\n")).unwrap();
    let names: Vec<_> = set.list(at(NOW)).into_iter().map(|piece| (piece.what, piece.signer)).collect();
    assert_eq!(names.len(), 3);
    assert_eq!(names[0].1.as_deref(), Some("Intel SGX PCK Platform CA"), "{names:?}");
}

#[test]
fn of_several_heads_the_last_one_counts() {
    let of = made().collateral().unwrap();
    let last = saved(&["HTTP/2 200", "content-type: application/json"], &of.tcb_info, "\r\n");
    let before = [
        saved(&["HTTP/1.1 200 Connection established"], b"", "\r\n"),
        saved(&["HTTP/1.1 100 Continue"], b"", "\r\n"),
        saved(&["HTTP/1.1 302 Found", "Location: https://elsewhere.invalid/"], b"", "\n"),
    ];
    let all = [before.concat(), last.clone()].concat();
    assert_eq!(add(&all).unwrap().list(at(NOW)).len(), 1);
    let refused_at_last = [last, saved(&["HTTP/1.1 503 Service Unavailable"], b"", "\r\n")].concat();
    assert!(add(&refused_at_last).is_err(), "nothing follows a body");
    let heads = saved(&["HTTP/1.1 100 Continue"], b"", "\r\n").repeat(8);
    assert_eq!(refused(&[heads, saved(&["HTTP/1.1 200 OK"], b"{}", "\n")].concat()), ResponseError::TooManyHeads);
}

#[test]
fn another_status_than_200_is_refused_with_its_own_help() {
    let of = made().collateral().unwrap();
    let mut seen = Vec::new();
    for (line, status, words) in [
        ("HTTP/1.1 410 Gone", 410, "no longer served"),
        ("HTTP/2 404", 404, "FMSPC"),
        ("HTTP/1.1 429 Too Many Requests", 429, "Retry-After"),
        ("HTTP/1.1 401 Access Denied", 401, "status 200"),
        ("HTTP/1.1 500 Internal Server Error", 500, "status 200"),
        ("HTTP/1.1 204 No Content", 204, "status 200"),
    ] {
        // Whatever the body is.
        let error = refused(&saved(&[line], &of.tcb_info, "\r\n"));
        assert_eq!(error, ResponseError::Status(status));
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        assert!(error.help().contains(words), "{}", error.help());
        seen.push(error.code().into_owned());
    }
    seen.dedup();
    assert_eq!(
        seen[..3],
        ["collateral_response_gone", "collateral_response_not_found", "collateral_response_too_many_requests"]
    );
    assert_eq!(seen[3..], ["collateral_response_status"]);
}

#[test]
fn a_damaged_head_is_refused() {
    for (bytes, expected) in [
        (&b"HTTP/1.1\r\n\r\n{}"[..], ResponseError::StatusLine),
        (b"HTTP/1.1 2000 OK\r\n\r\n{}", ResponseError::StatusLine),
        (b"HTTP/1.1 OK\r\n\r\n{}", ResponseError::StatusLine),
        (b"HTTP/1.1 +20\r\n\r\n{}", ResponseError::StatusLine),
        (b"HTTP/1.1 200 OK\r\nA: b\r\nno header\r\n\r\n{}", ResponseError::Header(3)),
        (b"HTTP/1.1 200 OK\r\n: nameless\r\n\r\n{}", ResponseError::Header(2)),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n folded: c\r\n\r\n{}", ResponseError::Header(3)),
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n{}", ResponseError::Header(2)),
        (b"HTTP/1.1 200 OK", ResponseError::NoBody),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n", ResponseError::NoBody),
    ] {
        let error = refused(bytes);
        assert_eq!(error, expected, "{:?}", String::from_utf8_lossy(bytes));
        assert!(error.code().starts_with("collateral_response_") && !error.help().is_empty());
    }
}

#[test]
fn a_malformed_escape_or_chain_names_its_header() {
    let of = made().collateral().unwrap();
    for value in ["%", "%0", "%zz", "-----BEGIN%20CERTIFICATE-----%", "%+1", "%0a%"] {
        let response = saved(&["HTTP/1.1 200 OK", &format!("TCB-Info-Issuer-Chain: {value}")], &of.tcb_info, "\r\n");
        let error = add(&response).unwrap_err();
        let Unrecognised::Member { member, source } = &error else { panic!("{error:?}") };
        assert_eq!(member, "TCB-Info-Issuer-Chain");
        assert!(matches!(**source, Unrecognised::Response(ResponseError::PercentEscape)), "{source:?}");
        assert_eq!(error.code(), "collateral_response_percent_escape_malformed");
    }
    for value in ["", "no%20PEM", "-----BEGIN CERTIFICATE-----%0AAAAA%0A-----END CERTIFICATE-----"] {
        let response = saved(&["HTTP/1.1 200 OK", &format!("sgx-pck-crl-issuer-chain: {value}")], &of.pck_crl, "\r\n");
        let error = add(&response).unwrap_err();
        assert!(matches!(&error, Unrecognised::Member { member, .. } if member == "SGX-PCK-CRL-Issuer-Chain"));
    }
}

#[test]
fn a_body_that_is_no_piece_is_named() {
    let nested = saved(&["HTTP/1.1 200 OK"], b"{\"tcb_info\":1}", "\n");
    for bytes in [saved(&["HTTP/1.1 200 OK"], b"", "\n"), saved(&["HTTP/1.1 200 OK"], b"<html>", "\n"), nested] {
        let error = add(&bytes).unwrap_err();
        assert!(matches!(&error, Unrecognised::Member { member, .. } if member == "body"), "{error:?}");
    }
}

#[test]
fn headers_and_body_are_taken_as_a_client_has_them() {
    let of = evidence(&made());
    let chain = url_encoded(&of.collateral.tcb_info_chain_pem);
    let mut response = Response {
        status: 200,
        headers: vec![(b"date", b"today"), (b"TCB-INFO-ISSUER-CHAIN", chain.as_bytes())],
        body: &of.collateral.tcb_info,
    };
    let mut set = CollateralSet::default();
    set.add_response("tcb", &response).unwrap();
    assert_eq!(set.list(at(NOW))[0].signer.as_deref(), Some("Intel SGX TCB Signing"));
    response.status = 410;
    assert!(set.add_response("tcb", &response).is_err());
    assert_eq!(set.list(at(NOW)).len(), 3, "nothing of what was refused is taken");
}
