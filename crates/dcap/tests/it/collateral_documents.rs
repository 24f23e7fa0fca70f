//! TCB Info and QE identity as documents: truly signed, and refused for what they say or how they say it.

use crate::simulated::{acceptances, blueprint, collateral, refusals, verify};
use dcap::{EnclaveIdentity, MAX_DEPTH, MAX_JSON, MalformedJson, SignedDocument, TcbInfo, TcbStatus, Tee};
use simulator::{Blueprint, Signed, Specification};

/// A true signature over the document with that one piece of text replaced.
fn rewrite<S: Specification>(document: &mut Signed<S>, from: &str, to: &str) {
    let text = String::from_utf8(document.spec.to_be_signed().unwrap()).unwrap();
    assert!(text.contains(from), "{text}");
    document.instead = Some(text.replacen(from, to, 1).into_bytes());
}

fn tcb_info(b: &mut Blueprint, from: &str, to: &str) {
    rewrite(&mut b.tcb_info, from, to);
}

fn identity(b: &mut Blueprint, from: &str, to: &str) {
    rewrite(&mut b.qe_identity, from, to);
}

refusals! { collateral;
    cheap_rejects_member_twice: "tcb_info_malformed", |b| tcb_info(b, "\"version\":3", "\"version\":3,\"version\":3");
    rejects_member_twice_in_a_level: "tcb_info_malformed", |b| {
        tcb_info(b, "\"pcesvn\":13", "\"pcesvn\":0,\"pcesvn\":13");
    };
    rejects_member_twice_behind_an_escape: "tcb_info_malformed", |b| {
        tcb_info(b, "\"version\":3", "\"version\":3,\"\\u0076ersion\":2");
    };
    rejects_member_twice_in_an_unread_part: "tcb_info_malformed", |b| {
        tcb_info(b, "\"version\":3", "\"version\":3,\"x\":{\"y\":1,\"y\":2}");
    };
    rejects_member_twice_in_qe_identity: "qe_identity_malformed", |b| {
        identity(b, "\"isvprodid\":1", "\"isvprodid\":1,\"isvprodid\":1");
    };
    pitfall_09_rejects_nesting_of_ten_thousand: "tcb_info_malformed", |b| {
        b.tcb_info.instead = Some(["[".repeat(10_000), "]".repeat(10_000)].concat().into_bytes());
    };
    pitfall_09_rejects_nesting_of_ten_thousand_objects: "qe_identity_malformed", |b| {
        b.qe_identity.instead = Some(["{\"a\":".repeat(10_000), "1".into(), "}".repeat(10_000)].concat().into_bytes());
    };
    pitfall_08_rejects_15_components: "tcb_info_malformed", |b| b.tcb_info.spec.tcb_levels[1].components.truncate(15);
    pitfall_08_rejects_17_components: "tcb_info_malformed", |b| {
        let components = &mut b.tcb_info.spec.tcb_levels[1].components;
        components.push(components[15].clone());
    };
    rejects_component_of_256: "tcb_info_malformed", |b| b.tcb_info.spec.tcb_levels[1].components[0].svn = 256;
    rejects_negative_component: "tcb_info_malformed", |b| tcb_info(b, "{\"svn\":11", "{\"svn\":-1");
    rejects_pce_svn_of_65536: "tcb_info_malformed", |b| b.tcb_info.spec.tcb_levels[1].pce_svn = 65_536;
    pitfall_17_rejects_tcb_type_1: "tcb_info_malformed", |b| b.tcb_info.spec.tcb_type = 1;
    rejects_tdx_id_without_tdx_components: "tcb_info_malformed", |b| b.tcb_info.spec.id = "TDX".to_owned();
    rejects_unknown_id: "tcb_info_malformed", |b| b.tcb_info.spec.id = "SEV".to_owned();
    rejects_version_3_without_id: "tcb_info_malformed", |b| tcb_info(b, "\"id\":\"SGX\",", "");
    rejects_version_2_with_id: "tcb_info_malformed", |b| {
        b.tcb_info.spec.version = 2;
        tcb_info(b, "{\"version\"", "{\"id\":\"SGX\",\"version\"");
    };
    rejects_version_2_with_the_components_of_version_3: "tcb_info_malformed", |b| {
        tcb_info(b, "{\"id\":\"SGX\",\"version\":3", "{\"version\":2");
    };
    rejects_version_2_with_15_components: "tcb_info_malformed", |b| {
        b.tcb_info.spec.version = 2;
        b.tcb_info.spec.tcb_levels[0].components.truncate(15);
    };
    rejects_version_2_with_17_components: "tcb_info_malformed", |b| {
        b.tcb_info.spec.version = 2;
        let components = &mut b.tcb_info.spec.tcb_levels[0].components;
        components.push(components[15].clone());
    };
    rejects_version_1: "tcb_info_malformed", |b| b.tcb_info.spec.version = 1;
    rejects_version_4: "tcb_info_malformed", |b| b.tcb_info.spec.version = 4;
    rejects_tdx_modules_in_sgx: "tcb_info_malformed", |b| {
        tcb_info(b, "\"tcbType\":0", "\"tcbType\":0,\"tdxModule\":{}");
    };
    rejects_tdx_module_identities_in_sgx: "tcb_info_malformed", |b| {
        tcb_info(b, "\"tcbType\":0", "\"tcbType\":0,\"tdxModuleIdentities\":[]");
    };
    cheap_rejects_unknown_status: "tcb_info_malformed", |b| {
        b.tcb_info.spec.tcb_levels[1].tcb_status = "uptodate".to_owned();
    };
    rejects_a_verdict_as_status_of_a_level: "tcb_info_malformed", |b| {
        b.tcb_info.spec.tcb_levels[1].tcb_status = "TDRelaunchAdvised".to_owned();
    };
    rejects_the_same_level_twice: "tcb_info_malformed", |b| {
        let mut again = b.tcb_info.spec.tcb_levels[1].clone();
        again.tcb_status = "UpToDate".to_owned();
        b.tcb_info.spec.tcb_levels.insert(0, again);
    };
    rejects_tcb_info_without_levels: "tcb_info_malformed", |b| b.tcb_info.spec.tcb_levels.clear();
    rejects_short_fmspc: "tcb_info_malformed", |b| b.tcb_info.spec.fmspc.truncate(10);
    rejects_long_fmspc: "tcb_info_malformed", |b| b.tcb_info.spec.fmspc.push_str("00");
    rejects_fmspc_that_is_no_hexadecimal: "tcb_info_malformed", |b| b.tcb_info.spec.fmspc = "VSIM00000000".to_owned();
    rejects_pceid_of_odd_length: "tcb_info_malformed", |b| b.tcb_info.spec.pce_id = "000".to_owned();
    rejects_tcb_info_without_next_update: "tcb_info_malformed", |b| tcb_info(b, "\"nextUpdate\"", "\"nextUpdat\"");
    rejects_issue_date_that_is_no_time: "tcb_info_malformed", |b| tcb_info(b, "\"issueDate\":\"", "\"issueDate\":\"x");
    rejects_issue_date_of_another_form_than_intels: "tcb_info_malformed", |b| {
        tcb_info(b, "Z\",\"nextUpdate\"", "+00:00\",\"nextUpdate\"");
    };
    rejects_next_update_with_fractions_of_a_second: "tcb_info_malformed", |b| {
        tcb_info(b, "Z\",\"fmspc\"", ".000Z\",\"fmspc\"");
    };
    rejects_level_date_of_another_form_than_intels: "tcb_info_malformed", |b| {
        tcb_info(b, "Z\",\"tcbStatus\"", "+00:00\",\"tcbStatus\"");
    };
    rejects_identity_issue_date_of_another_form_than_intels: "qe_identity_malformed", |b| {
        identity(b, "Z\",\"nextUpdate\"", "z\",\"nextUpdate\"");
    };
    rejects_identity_level_date_of_another_form_than_intels: "qe_identity_malformed", |b| {
        identity(b, "Z\",\"tcbStatus\"", "+00:00\",\"tcbStatus\"");
    };
    rejects_component_category_of_null: "tcb_info_malformed", |b| {
        tcb_info(b, "{\"svn\":11,\"category\":\"BIOS\"", "{\"svn\":11,\"category\":null");
    };
    rejects_component_type_of_null: "tcb_info_malformed", |b| {
        tcb_info(b, "\"type\":\"Early Microcode Update\"", "\"type\":null");
    };
    rejects_advisories_of_null: "tcb_info_malformed", |b| {
        tcb_info(b, "\"tcbStatus\":", "\"advisoryIDs\":null,\"tcbStatus\":");
    };
    rejects_tdx_components_of_null_in_sgx: "tcb_info_malformed", |b| {
        tcb_info(b, "\"pcesvn\":13", "\"pcesvn\":13,\"tdxtcbcomponents\":null");
    };
    rejects_tdx_module_of_null_in_sgx: "tcb_info_malformed", |b| {
        tcb_info(b, "\"tcbType\":0", "\"tcbType\":0,\"tdxModule\":null");
    };
    rejects_version_2_with_id_of_null: "tcb_info_malformed", |b| {
        b.tcb_info.spec.version = 2;
        tcb_info(b, "{\"version\"", "{\"id\":null,\"version\"");
    };
    rejects_version_2_with_a_member_beside_the_components: "tcb_info_malformed", |b| {
        b.tcb_info.spec.version = 2;
        tcb_info(b, "\"pcesvn\":13", "\"pcesvn\":13,\"more\":1");
    };
    rejects_unknown_status_of_an_identity_level_that_is_not_reached: "qe_identity_malformed", |b| {
        b.qe_identity.spec.tcb_levels[1].tcb_status = "Unheard".to_owned();
    };
    rejects_negative_evaluation_number: "tcb_info_malformed", |b| {
        tcb_info(b, "\"tcbEvaluationDataNumber\":", "\"tcbEvaluationDataNumber\":-");
    };
    rejects_qe_identity_as_tcb_info: "tcb_info_malformed", |b| {
        b.tcb_info.instead = Some(b.qe_identity.spec.to_be_signed().unwrap());
    };
    rejects_tcb_info_as_qe_identity: "qe_identity_malformed", |b| {
        b.qe_identity.instead = Some(b.tcb_info.spec.to_be_signed().unwrap());
    };
    rejects_identity_version_1: "qe_identity_malformed", |b| b.qe_identity.spec.version = 1;
    rejects_identity_version_3: "qe_identity_malformed", |b| b.qe_identity.spec.version = 3;
    rejects_unknown_identity: "qe_identity_malformed", |b| b.qe_identity.spec.id = "PCE".to_owned();
    rejects_identity_without_levels: "qe_identity_malformed", |b| b.qe_identity.spec.tcb_levels.clear();
    rejects_the_same_isvsvn_and_date_twice: "qe_identity_malformed", |b| {
        let again = b.qe_identity.spec.tcb_levels[0].clone();
        b.qe_identity.spec.tcb_levels.push(again);
    };
    rejects_platform_status_for_an_enclave: "qe_identity_malformed", |b| {
        b.qe_identity.spec.tcb_levels[1].tcb_status = "SWHardeningNeeded".to_owned();
    };
    rejects_short_mrsigner: "qe_identity_malformed", |b| identity(b, "\"mrsigner\":\"", "\"mrsigner\":\"00");
    rejects_short_miscselect_mask: "qe_identity_malformed", |b| identity(b, "\"FFFFFFFF\"", "\"FFFFFF\"");
    rejects_isvsvn_of_65536: "qe_identity_malformed", |b| identity(b, "\"isvsvn\":8", "\"isvsvn\":65536");
}

acceptances! { verify;
    accepts_version_2: |b| b.tcb_info.spec.version = 2;
    accepts_fmspc_in_lower_case: |b| b.tcb_info.spec.fmspc = b.tcb_info.spec.fmspc.to_lowercase();
    cheap_accepts_fmspc_in_upper_case: |b| b.tcb_info.spec.fmspc = b.tcb_info.spec.fmspc.to_uppercase();
    accepts_levels_in_any_order: |b| {
        b.tcb_info.spec.tcb_levels.reverse();
        b.qe_identity.spec.tcb_levels.reverse();
    };
    accepts_whitespace_that_was_signed: |b| tcb_info(b, "\"tcbType\":0", "\"tcbType\" : 0\n");
    accepts_members_of_the_future: |b| tcb_info(b, "\"tcbType\":0", "\"tcbType\":0,\"new\":[1]");
    accepts_identity_with_masked_xfrm: |b| b.quoting.qe_report.attributes.xfrm = 3.into();
}

fn wrapper(text: &str) -> Result<SignedDocument<TcbInfo>, MalformedJson> {
    SignedDocument::from_wrapper(text.as_bytes())
}

/// The members of a TCB Info, without the braces around them.
fn members() -> String {
    let text = String::from_utf8(blueprint(|_| ()).tcb_info.spec.to_be_signed().unwrap()).unwrap();
    text.strip_prefix('{').unwrap().strip_suffix('}').unwrap().to_owned()
}

#[test]
fn a_wrapper_holds_the_document_and_its_signature() {
    let hex = "ab".repeat(64);
    let members = members();
    let good = format!("{{\"tcbInfo\":{{ \"a\" :1,{members}}},\"signature\":\"{hex}\"}}");
    let read = wrapper(&good).unwrap();
    assert_eq!(read.body(), format!("{{ \"a\" :1,{members}}}").as_bytes(), "byte for byte");
    assert_eq!(read.wrapped(), good.as_bytes());
    assert!(wrapper(&format!("{{\"signature\":\"{}\",\"tcbInfo\":{{{members}}}}}", hex.to_uppercase())).is_ok());
    // Members outside the signed content are not read, and are still strict JSON.
    let with_more = |more: &str| wrapper(&good.replacen("{\"tcb", &format!("{{{more},\"tcb"), 1));
    assert_eq!(with_more("\"more\":{\"a\":[1]}").unwrap(), read);
    for more in ["\"more\":1,\"more\":2", "\"signature\":\"\"", "\"tcbInfo\":{}", "\"more\":{\"a\":1,\"a\":2}"] {
        assert!(matches!(with_more(more), Err(MalformedJson::Json(_))), "{more}");
    }
    for other in [
        good.replace("tcbInfo", "enclaveIdentity"),
        format!("{{\"tcbInfo\":{{}},\"signatur\":\"{hex}\"}}"),
        format!("[{good}]"),
    ] {
        assert!(matches!(wrapper(&other), Err(MalformedJson::Wrapper("tcbInfo"))), "{other}");
    }
    for other in [good.replace("abab", "ab"), good.replace("abab", "xyab"), good.replace(&format!("\"{hex}\""), "7")] {
        assert!(matches!(wrapper(&other), Err(MalformedJson::Signature)), "{other}");
    }
    for other in [good.clone() + "x", good.clone() + &good, good.replace("\"a\"", "a"), String::new()] {
        assert!(matches!(wrapper(&other), Err(MalformedJson::Json(_))), "{other}");
    }
    assert!(matches!(wrapper(&good.replace("{ ", &"{ ".repeat(2))), Err(MalformedJson::Json(_))));
    assert!(matches!(wrapper(&" ".repeat(MAX_JSON + 1)), Err(MalformedJson::TooLong)));
    assert!(matches!(SignedDocument::<TcbInfo>::new(vec![b' '; MAX_JSON + 1], &hex), Err(MalformedJson::TooLong)));
}

#[test]
fn the_deepest_document_is_read_and_one_level_more_refused() {
    let hex = "ab".repeat(64);
    for (depth, fits) in [(MAX_DEPTH, true), (MAX_DEPTH + 1, false)] {
        let arrays = "[".repeat(depth - 1) + &"]".repeat(depth - 1);
        let body = format!("{{\"a\":{arrays},{}}}", members());
        assert_eq!(SignedDocument::<TcbInfo>::new(body.clone().into_bytes(), &hex).is_ok(), fits);
        assert_eq!(wrapper(&format!("{{\"tcbInfo\":{body},\"signature\":\"{hex}\"}}")).is_ok(), fits);
    }
}

/// One pass is enough for documents of known members, and the check of the whole text decides about all others.
#[test]
fn a_document_is_read_in_one_pass_exactly_if_it_is_strict() {
    let hex = "ab".repeat(64);
    let members = members();
    let deep = |depth: usize| format!("\"more\":{}{}", "[".repeat(depth), "]".repeat(depth));
    let table = [
        (String::new(), true),
        ("\"more\":{\"a\":1}".to_owned(), true),
        (deep(MAX_DEPTH - 1), true),
        (deep(MAX_DEPTH), false),
        ("\"more\":1,\"more\":1".to_owned(), false),
        ("\"more\":{\"a\":1,\"a\":1}".to_owned(), false),
        ("\"version\":3".to_owned(), false),
        ("\"\\u0076ersion\":3".to_owned(), false),
        ("\"tdxModule\":null".to_owned(), false),
    ];
    for (more, is_read) in table {
        let separator = if more.is_empty() { "" } else { "," };
        let body = format!("{{{more}{separator}{members}}}").into_bytes();
        assert_eq!(SignedDocument::<TcbInfo>::new(body.clone(), &hex).is_ok(), is_read, "{more}");
        assert_eq!(TcbInfo::from_json(&body).is_ok(), is_read, "{more}");
    }
}

/// The status where the quoting enclave's ISVSVN has two levels with those statuses, the newer date first.
fn by_two_dates(newer: &str, older: &str, newer_first: bool) -> Result<TcbStatus, String> {
    let mut made = blueprint(|_| ());
    let levels = &mut made.qe_identity.spec.tcb_levels;
    let mut second = levels[0].clone();
    second.tcb_date = second.tcb_date.plus(-simulator::DAY);
    (levels[0].tcb_status, second.tcb_status) = (newer.to_owned(), older.to_owned());
    levels.insert(usize::from(newer_first), second);
    verify(&made).map(|quote| quote.tcb().status)
}

#[test]
fn of_several_dates_of_one_isvsvn_the_newest_counts() {
    for newer_first in [true, false] {
        assert_eq!(by_two_dates("UpToDate", "OutOfDate", newer_first), Ok(TcbStatus::UpToDate));
        assert_eq!(by_two_dates("OutOfDate", "UpToDate", newer_first), Ok(TcbStatus::OutOfDate));
        assert_eq!(by_two_dates("UpToDate", "Revoked", newer_first), Ok(TcbStatus::UpToDate));
        assert_eq!(by_two_dates("Revoked", "UpToDate", newer_first), Err("tcb_revoked".to_owned()));
        assert_eq!(by_two_dates("UpToDate", "Unheard", newer_first), Err("qe_identity_malformed".to_owned()));
    }
}

#[test]
fn documents_say_what_was_specified() {
    let made = blueprint(|b| b.tcb_info.spec.tcb_levels.reverse());
    let info = TcbInfo::from_json(&made.tcb_info.spec.to_be_signed().unwrap()).unwrap();
    assert_eq!((info.version, info.tee, info.evaluation_data_number), (3, Tee::Sgx, simulator::EVALUATION_DATA_NUMBER));
    assert_eq!(info.fmspc_text(), "5653494d0000");
    let statuses: Vec<TcbStatus> = info.levels.iter().map(|level| level.status).collect();
    assert_eq!(statuses, [TcbStatus::UpToDate, TcbStatus::OutOfDate], "highest first");
    assert!(info.is_about(&crate::simulated::prove(&made).unwrap().family(Tee::Sgx)));
    let identity = EnclaveIdentity::from_json(&made.qe_identity.spec.to_be_signed().unwrap()).unwrap();
    assert_eq!((identity.id, identity.isv_prod_id), (dcap::EnclaveId::QE, 1));
    assert_eq!((identity.id.to_string(), identity.levels[0].isv_svn), ("QE".to_owned(), 8));
}

#[test]
fn a_document_may_be_as_long_as_the_limit_says() {
    type Document = SignedDocument<TcbInfo>;
    let long = |length: usize| vec![b' '; length];
    assert!(matches!(Document::from_wrapper(&long(MAX_JSON + 1)), Err(MalformedJson::TooLong)));
    assert!(matches!(Document::from_wrapper(&long(MAX_JSON)), Err(MalformedJson::Json(_))));
    assert!(matches!(Document::new(long(MAX_JSON + 1), ""), Err(MalformedJson::TooLong)));
    assert!(matches!(Document::new(long(MAX_JSON), ""), Err(MalformedJson::Json(_))));
}
