//! Reading quotes: each malformed part is refused for what it is.

use crate::simulated::{Change, acceptances, blueprint, quote_of, refusals};
use abi::quote::{BodyDescriptor, Header, INTEL_QE_VENDOR_ID};
use dcap::{CertificationData, MAX_AUTH_DATA, MAX_QUOTE, Quote, QuoteError, Report, Tee};
use simulator::Blueprint;

fn parse(blueprint: &Blueprint) -> Result<(), String> {
    crate::simulated::read(&quote_of(blueprint)).map(|_| ())
}

fn version(b: &mut Blueprint, version: u16) {
    b.quoting.header.version = version.into();
}

fn descriptor(b: &mut Blueprint, body_type: u16, body_size: u32) {
    b.quoting.body_descriptor = Some(BodyDescriptor { body_type: body_type.into(), body_size: body_size.into() });
}

refusals! { parse;
    rejects_version_0: "quote_version_unknown", |b| version(b, 0);
    rejects_version_6: "quote_version_unknown", |b| version(b, 6);
    rejects_epid_version_1: "quote_is_epid", |b| version(b, 1);
    rejects_epid_version_2: "quote_is_epid", |b| version(b, 2);
    rejects_unlinkable_epid_key: "quote_is_epid", |b| b.quoting.header.attestation_key_type = 0.into();
    rejects_linkable_epid_key: "quote_is_epid", |b| b.quoting.header.attestation_key_type = 1.into();
    rejects_p384_key: "quote_key_p384_unsupported", |b| b.quoting.header.attestation_key_type = 3.into();
    rejects_unknown_key_type: "quote_key_type_unknown", |b| b.quoting.header.attestation_key_type = 4.into();
    rejects_tdx_in_version_3: "quote_tee_type_unknown", |b| b.quoting.header.tee_type = 0x81.into();
    rejects_unknown_tee_in_version_4: "quote_tee_type_unknown", |b| {
        version(b, 4);
        b.quoting.header.tee_type = 0x82.into();
    };
    pitfall_10_rejects_another_vendor: "quote_vendor_unknown", |b| b.quoting.header.qe_vendor_id[15] ^= 1;
    rejects_unknown_body_type: "quote_body_type_unknown", |b| {
        version(b, 5);
        descriptor(b, 5, 384);
    };
    pitfall_27_rejects_td_body_for_sgx: "quote_body_type_unknown", |b| {
        version(b, 5);
        descriptor(b, 2, 584);
    };
    pitfall_27_rejects_enclave_body_for_tdx: "quote_body_type_unknown", |b| {
        version(b, 5);
        b.quoting.header.tee_type = 0x81.into();
    };
    rejects_body_of_another_size_than_its_type_has: "quote_body_size_wrong", |b| {
        version(b, 5);
        descriptor(b, 1, 383);
    };
    rejects_body_of_the_largest_size: "quote_body_size_wrong", |b| {
        version(b, 5);
        descriptor(b, 1, u32::MAX);
    };
    rejects_outer_certification_of_type_5_in_version_4: "quote_certification_type_unknown", |b| {
        version(b, 4);
        b.quoting.outer_certification_data_type = 5;
    };
    cheap_rejects_type_6_within_type_6: "quote_certification_type_unknown", |b| {
        version(b, 4);
        b.quoting.certification_data_type = 6;
    };
    rejects_type_6_in_version_3: "quote_certification_type_unknown", |b| b.quoting.certification_data_type = 6;
    rejects_certification_of_type_0: "quote_certification_type_unknown", |b| b.quoting.certification_data_type = 0;
    rejects_certification_of_type_7: "quote_certification_type_unknown", |b| b.quoting.certification_data_type = 7;
    rejects_clear_ppid_of_wrong_length: "quote_length_wrong", |b| identity(b, 1, 35);
    rejects_rsa_2048_ppid_of_wrong_length: "quote_length_wrong", |b| identity(b, 2, 277);
    rejects_rsa_3072_ppid_of_wrong_length: "quote_length_wrong", |b| identity(b, 3, 403);
    rejects_too_much_authentication_data: "quote_auth_data_too_long", |b| {
        b.quoting.auth_data = vec![0; MAX_AUTH_DATA + 1]
    };
    rejects_claim_of_more_authentication_data: "quote_truncated", |b| b.quoting.claimed.auth_data = Some(u16::MAX);
    pitfall_09_rejects_claim_of_a_huge_signature_section: "quote_truncated", |b| {
        b.quoting.claimed.signature_section = Some(u32::MAX)
    };
    pitfall_09_rejects_claim_of_huge_certification: "quote_truncated", |b| b.quoting.claimed.certification_data = Some(u32::MAX);
    pitfall_09_rejects_claim_of_huge_outer_certification: "quote_truncated", |b| {
        version(b, 4);
        b.quoting.claimed.outer_certification_data = Some(u32::MAX);
    };
    cheap_rejects_trailing_garbage: "quote_trailing_bytes", |b| b.quoting.trailing = vec![0, 0, 1];
    rejects_a_quote_beyond_the_limit: "quote_too_long", |b| b.quoting.trailing = vec![0; MAX_QUOTE];
}

acceptances! { parse;
    accepts_version_4: |b| version(b, 4);
    accepts_version_5: |b| version(b, 5);
    accepts_no_authentication_data: |b| b.quoting.auth_data.clear();
    accepts_the_most_authentication_data: |b| b.quoting.auth_data = vec![7; MAX_AUTH_DATA];
    accepts_zero_padding: |b| b.quoting.trailing = vec![0; 70];
    accepts_clear_ppid: |b| identity(b, 1, 36);
    accepts_rsa_2048_ppid: |b| identity(b, 2, 276);
    accepts_rsa_3072_ppid: |b| identity(b, 3, 404);
}

fn identity(b: &mut Blueprint, kind: u16, length: usize) {
    b.quoting.certification_data_type = kind;
    b.certification_data = Some(vec![9; length]);
}

/// Each length field in turn, in every version, one less and one more than is true.
#[test]
fn cheap_rejects_every_length_that_is_one_off() {
    for version in [3_u16, 4, 5] {
        let made = blueprint(|_| ());
        let build = |change: &dyn Fn(&mut Blueprint)| {
            let mut changed = made.clone();
            changed.quoting.header.version = version.into();
            change(&mut changed);
            quote_of(&changed)
        };
        let whole = build(&|_| ());
        let start = if version == 5 { 54 + 384 } else { 48 + 384 };
        let field = |at: usize| u32::from_le_bytes(whole[at..at + 4].try_into().unwrap());
        let section = field(start);
        let nested = start + 4 + 128 + if version == 3 { 0 } else { 6 };
        let certification = field(nested + 448 + 2 + 32 + 2);
        for off in [-1, 1] {
            let off = |value: u32| Some(value.saturating_add_signed(off));
            let mut wrong = vec![
                build(&|b| b.quoting.claimed.signature_section = off(section)),
                build(&|b| b.quoting.claimed.certification_data = off(certification)),
                build(&|b| b.quoting.claimed.auth_data = off(32).map(|size| size as u16)),
            ];
            if version != 3 {
                wrong.push(build(&|b| b.quoting.claimed.outer_certification_data = off(field(nested - 4))));
            }
            for (number, quote) in wrong.iter().enumerate() {
                let refused = Quote::parse(quote);
                assert!(refused.is_err(), "version {version}, length {number}: {refused:?}");
            }
        }
    }
}

#[test]
fn pitfall_24_rejects_every_truncation_of_every_version_and_none_is_mistaken_for_another_fault() {
    for change in [(|_| ()) as Change, |b| version(b, 4), |b| version(b, 5)] {
        let quote = quote_of(&blueprint(change));
        for length in 0..quote.len() {
            let refused = Quote::parse(&quote[..length]);
            assert!(matches!(refused, Err(QuoteError::Truncated(_))), "{length} bytes: {refused:?}");
        }
        assert!(Quote::parse(&quote).is_ok());
    }
}

#[test]
fn every_version_says_what_it_holds() {
    for (change, expected) in [((|_| ()) as Change, 3), (|b| version(b, 4), 4), (|b| version(b, 5), 5)] {
        let made = blueprint(change);
        let quote = quote_of(&made);
        let quote = Quote::parse(&quote).unwrap();
        assert_eq!((quote.version(), quote.tee(), quote.padding()), (expected, Tee::Sgx, 0));
        assert_eq!(quote.header().qe_vendor_id, INTEL_QE_VENDOR_ID);
        assert_eq!(*quote.report(), Report::SgxEnclave(crate::simulated::report(&made)));
        assert_eq!(quote.report().report_data(), &[5; 64]);
        assert!(matches!(quote.certification(), CertificationData::PckChain(chain) if chain.ends_with(b"-----\0")));
    }
}

#[test]
fn bytes_after_a_quote_are_counted() {
    let after = |trailing: &[u8]| {
        let quote = [&quote_of(&blueprint(|_| ()))[..], trailing].concat();
        Quote::parse(&quote).map(|quote| quote.padding()).map_err(|error| error.to_string())
    };
    let refused = |count: usize, not_zero: usize| {
        Err(format!("quote is followed by {count} bytes, {not_zero} of them not zero; only zero padding may follow"))
    };
    assert_eq!(after(&[]), Ok(0));
    assert_eq!(after(&[0; 70]), Ok(70));
    assert_eq!(after(&[1]), refused(1, 1));
    assert_eq!(after(&[0, 0, 1, 0, 2]), refused(5, 2));
    assert_eq!(after(b"\n"), refused(1, 1));
}

#[test]
fn an_empty_file_and_a_header_alone_are_truncated() {
    assert_eq!(Quote::parse(&[]).unwrap_err(), QuoteError::Truncated("header"));
    assert_eq!(Quote::parse(&[3, 0]).unwrap_err(), QuoteError::Truncated("header"));
    let quote = quote_of(&blueprint(|_| ()));
    assert_eq!(Quote::parse(&quote[..Header::SIZE]).unwrap_err(), QuoteError::Truncated("body"));
}
