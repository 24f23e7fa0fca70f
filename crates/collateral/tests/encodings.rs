//! Revocation lists and certificates in every encoding they are met in.

mod made;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use collateral::{CollateralSet, Contents, Form, Unrecognised, sniff};
use dcap::{Crl, Tee, pem};
use made::{NOW, at, made, pieces, platform, set};

type Encode = fn(&[u8]) -> Vec<u8>;

fn lines(text: &str, line_end: &str) -> Vec<u8> {
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    (lines.join(line_end) + line_end).into_bytes()
}

const ENCODINGS: [(&str, Encode); 13] = [
    ("DER", <[u8]>::to_vec),
    ("DER and NUL", |der| [der, b"\0"].concat()),
    ("PEM", |der| pem::encode(der, "X509 CRL").into_bytes()),
    ("PEM with CRLF and NUL", |der| (pem::encode(der, "X509 CRL").replace('\n', "\r\n") + "\0").into_bytes()),
    ("upper hexadecimal", |der| hex::encode_upper(der).into_bytes()),
    ("lower hexadecimal", |der| hex::encode(der).into_bytes()),
    ("hexadecimal and NUL", |der| (hex::encode(der) + "\0").into_bytes()),
    ("hexadecimal in lines", |der| lines(&hex::encode(der), "\n")),
    ("hexadecimal in lines with CRLF", |der| lines(&hex::encode_upper(der), "\r\n")),
    ("base64", |der| STANDARD.encode(der).into_bytes()),
    ("base64 and NUL", |der| (STANDARD.encode(der) + "\0").into_bytes()),
    ("base64 in lines", |der| lines(&STANDARD.encode(der), "\n")),
    ("base64 in lines with CRLF", |der| lines(&STANDARD.encode(der), "\r\n")),
];

#[test]
fn revocation_lists_are_taken_in_every_encoding() {
    let (pck, roots, collateral) = platform(&made());
    for (name, encode) in ENCODINGS {
        let mut all = pieces(&collateral).to_vec();
        for (name, bytes) in &mut all {
            if name.ends_with("_crl") {
                *bytes = encode(bytes);
            }
        }
        let choice = set(&all).choose(&pck.family(Tee::Sgx), at(NOW)).unwrap();
        assert_eq!(choice.collateral.root_crl.der(), collateral.root_crl, "{name}");
        assert_eq!(choice.collateral.pck_crl.der(), collateral.pck_crl, "{name}");
        assert!(choice.collateral.verify(&roots, at(NOW)).is_ok(), "{name}");
    }
}

#[test]
fn long_lists_keep_their_last_byte_whatever_it_is() {
    // A list of more than 64 KiB, whose length takes three bytes, and NUL bytes after it.
    let mut made = made();
    made.pck_crl.spec.revoked = (0..4000_u32).map(|number| [&[1], &number.to_be_bytes()[..]].concat()).collect();
    let der = made.pck_crl.build().unwrap();
    assert!(der.len() > 1 << 16);
    let read = |bytes: &[u8]| match sniff(bytes).unwrap() {
        Contents::Piece(form) => match *form {
            Form::Crl(crl) => crl.der().to_vec(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(read(&der), der);
    assert_eq!(read(&[&der[..], &[0; 3]].concat()), der);
    assert_eq!(Crl::from_der(&der).unwrap().len(), 4000);
}

#[test]
fn certificates_are_taken_in_every_encoding() {
    let issued = made();
    let root = issued.issue().unwrap().certificates().root.clone();
    let encodings: [Encode; 4] = [
        <[u8]>::to_vec,
        |der| pem::encode(der, "CERTIFICATE").into_bytes(),
        |der| hex::encode(der).into_bytes(),
        |der| STANDARD.encode(der).into_bytes(),
    ];
    for encode in encodings {
        let mut set = CollateralSet::default();
        set.add("root", &encode(&root)).unwrap();
        let listed = set.list(at(NOW));
        assert_eq!((listed.len(), listed[0].signer.as_deref()), (1, Some("Intel SGX Root CA")));
    }
}

#[test]
fn text_that_only_resembles_an_encoding_is_refused() {
    let der = made().root_crl.build().unwrap();
    let odd = &hex::encode(&der)[1..];
    let spaced = hex::encode(&der).replace("30", "30 ");
    let url_safe = STANDARD.encode(&der).replace('+', "-").replace('/', "_") + "-";
    for text in [odd, &spaced, &url_safe, &STANDARD.encode(b"no DER"), &hex::encode(b"no DER")] {
        assert!(matches!(sniff(text.as_bytes()), Err(Unrecognised::Unknown)), "{text}");
    }
    let trailing = [&der[..], b"\0x"].concat();
    assert!(matches!(sniff(&trailing), Err(Unrecognised::Certificate(_) | Unrecognised::Crl(_))));
    let cut = &der[..der.len() - 1];
    assert!(matches!(sniff(cut), Err(Unrecognised::Certificate(_) | Unrecognised::Crl(_))));
}
