//! What each request is answered with.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use abi::sgx::{AttestationKeyIdExt, QeReportInfo, Report};
use aesm::message::{GetSupportedAttKeyIdNumRequest, Kind, Request};
use aesm::{ClientError, ErrorCode, QuoteError};
use aws_lc_rs::digest::{SHA256, digest};
use problem::Problem;
use zerocopy::{FromBytes, IntoBytes};

use crate::daemon::{Daemon, ask, directory, send};
use crate::enclave::SimulatedEnclave;
use crate::requests::{TIMEOUT, dcap, epid, init, key_ids, list, quote, select, size, without_service};

#[tokio::test]
async fn every_rule_of_every_request_has_its_code() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    let daemon = Daemon::over(&directory.path().join("aesm.socket"), &enclave);
    let report = enclave.report([5; 64]).as_bytes().to_vec();
    let info = enclave.report_info([3; 16]).as_bytes().to_vec();
    let needed = u32::try_from(enclave.size()).unwrap();
    let with = |bytes: &[u8], at: usize| {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1;
        changed
    };
    // What stands behind the id proper does not count.
    let (mut linkable, mut longer) = (dcap(), dcap());
    linkable[174] = 1;
    longer.push(1);
    let num = Request {
        get_supported_att_key_id_num: Some(GetSupportedAttKeyIdNumRequest { timeout: TIMEOUT }),
        ..Request::default()
    };
    let short = |bytes: &[u8]| bytes[..bytes.len() - 1].to_vec();
    for (what, request, code) in [
        ("how many keys", num, 0),
        ("keys", key_ids(256), 0),
        ("keys, buffer of none", key_ids(0), 3),
        ("keys, buffer too small", key_ids(255), 3),
        ("keys, buffer too large", key_ids(512), 3),
        ("select of all", select(None), 0),
        ("select, empty list", select(Some(vec![])), 3),
        ("select, short header", select(Some(vec![0; 7])), 3),
        ("select of none", select(Some(list([0, 0], 0, &[]))), 38),
        ("select of ours", select(Some(list([0, 0], 1, &[dcap()]))), 0),
        ("select of EPID's", select(Some(list([0, 0], 1, &[epid()]))), 38),
        ("select of both", select(Some(list([0, 0], 2, &[epid(), linkable.clone()]))), 0),
        ("select of ten", select(Some(list([0, 0], 10, &vec![dcap(); 10]))), 0),
        ("select of eleven", select(Some(list([0, 0], 11, &vec![dcap(); 11]))), 3),
        ("select, another id", select(Some(list([1, 0], 1, &[dcap()]))), 3),
        ("select, another version", select(Some(list([0, 1], 1, &[dcap()]))), 3),
        ("select, one more claimed", select(Some(list([0, 0], 2, &[dcap()]))), 3),
        ("select, one fewer claimed", select(Some(list([0, 0], 1, &vec![dcap(); 2]))), 3),
        ("select, a byte too few", select(Some(short(&list([0, 0], 1, &[dcap()])))), 3),
        ("select, absurd count", select(Some(list([0, 0], u32::MAX, &[dcap()]))), 3),
        ("init, size alone", init(Some(dcap()), false, None), 0),
        ("init", init(Some(dcap()), true, Some(32)), 0),
        ("init, longer id", init(Some(longer), true, Some(32)), 0),
        ("init, linkable id", init(Some(linkable), true, Some(32)), 0),
        ("init without a key", init(None, true, Some(32)), 3),
        ("init, short id", init(Some(short(&dcap())), true, Some(32)), 3),
        ("init, EPID's id", init(Some(epid()), true, Some(32)), 38),
        ("init, size alone, EPID's id", init(Some(epid()), false, None), 38),
        ("init, another product", init(Some(with(&dcap(), 54)), true, Some(32)), 38),
        ("init, last byte of the id", init(Some(with(&dcap(), 157)), true, Some(32)), 38),
        ("init without a buffer", init(Some(dcap()), true, None), 3),
        ("init, buffer too small", init(Some(dcap()), true, Some(31)), 3),
        ("init, buffer too large", init(Some(dcap()), true, Some(33)), 3),
        ("init, buffer beyond 32 bits", init(Some(dcap()), true, Some(32 + (1 << 32))), 3),
        ("size", size(Some(dcap())), 0),
        ("size without a key", size(None), 3),
        ("size, short id", size(Some(vec![0; 158])), 3),
        ("size, EPID's id", size(Some(epid())), 38),
        ("quote", quote(Some(dcap()), report.clone(), None, needed), 0),
        ("quote with a report", quote(Some(dcap()), report.clone(), Some(info.clone()), needed), 0),
        ("quote in a large buffer", quote(Some(dcap()), report.clone(), None, 64 << 10), 0),
        ("quote in too large a buffer", quote(Some(dcap()), report.clone(), None, (64 << 10) + 1), 3),
        ("quote in an absurd buffer", quote(Some(dcap()), report.clone(), None, u32::MAX), 3),
        ("quote in too small a buffer", quote(Some(dcap()), report.clone(), None, needed - 1), 3),
        ("quote in none", quote(Some(dcap()), report.clone(), None, 0), 3),
        ("quote without a key", quote(None, report.clone(), None, needed), 3),
        ("quote, short id", quote(Some(short(&dcap())), report.clone(), None, needed), 3),
        ("quote, EPID's id", quote(Some(epid()), report.clone(), None, needed), 38),
        ("quote of no report", quote(Some(dcap()), vec![], None, needed), 3),
        ("quote of a short report", quote(Some(dcap()), short(&report), None, needed), 3),
        ("quote of a long report", quote(Some(dcap()), [&report[..], &[0]].concat(), None, needed), 3),
        ("quote with no report info", quote(Some(dcap()), report.clone(), Some(vec![]), needed), 3),
        ("quote with a short report info", quote(Some(dcap()), report.clone(), Some(short(&info)), needed), 3),
        ("quote of a changed report", quote(Some(dcap()), with(&report, 320), None, needed), 47),
        ("quote of a report with a bad MAC", quote(Some(dcap()), with(&report, 431), None, needed), 47),
        ("quote of a report of zeros", quote(Some(dcap()), vec![0; 432], None, needed), 47),
    ] {
        let kind = request.kind().unwrap();
        assert_eq!(ask(&daemon.path, &request).await.outcome(), Some((kind, code)), "{what}");
    }
    for (kind, request) in without_service() {
        assert_eq!(ask(&daemon.path, &request).await.outcome(), Some((kind, 30)), "{kind:?}");
    }
    daemon.stop().await;
}

#[tokio::test]
async fn answers_hold_what_they_should() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    let daemon = Daemon::over(&directory.path().join("aesm.socket"), &enclave);
    let answer = ask(&daemon.path, &init(Some(dcap()), false, None)).await.init_quote_ex.unwrap();
    assert_eq!((answer.target_info(), answer.pub_key_id_size(), &answer.pub_key_id), (&[0; 512][..], 32, &None));
    assert_eq!(enclave.inits.load(Ordering::Relaxed), 0, "the size alone does not load the enclave");
    let answer = ask(&daemon.path, &init(Some(dcap()), true, Some(32))).await.init_quote_ex.unwrap();

    assert_eq!(answer.target_info(), enclave.target_info().as_bytes());
    assert_eq!(answer.pub_key_id(), enclave.ecdsa_id());
    let ids = ask(&daemon.path, &key_ids(256)).await.get_supported_att_key_ids.unwrap();
    assert_eq!(ids.att_key_ids(), dcap(), "without a header");

    let report = enclave.report([5; 64]);
    let info = enclave.report_info([3; 16]);
    let request = quote(Some(dcap()), report.as_bytes().to_vec(), Some(info.as_bytes().to_vec()), 8192);
    let answer = ask(&daemon.path, &request).await.get_quote_ex.unwrap();
    let (made, rest) = answer.quote().split_at(enclave.size());
    assert_eq!(answer.quote().len(), 8192);
    assert!(rest.iter().all(|byte| *byte == 0));
    assert_eq!(made[48..48 + 384], *report.body.as_bytes());
    let echoed = QeReportInfo::ref_from_bytes(answer.qe_report_info()).unwrap();
    assert_eq!((echoed.nonce, echoed.app_enclave_target_info), (info.nonce, info.app_enclave_target_info));
    assert!(enclave.application_believes(&echoed.qe_report));
    let bound = digest(&SHA256, &[&info.nonce, made].concat());
    assert_eq!(echoed.qe_report.body.report_data[..32], *bound.as_ref());
    let without = ask(&daemon.path, &quote(Some(dcap()), report.as_bytes().to_vec(), None, 8192)).await;
    assert_eq!(without.get_quote_ex.unwrap().qe_report_info, None);
}

#[tokio::test]
async fn the_first_request_in_a_message_is_the_one() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    let daemon = Daemon::over(&directory.path().join("aesm.socket"), &enclave);
    let mut all = Request::default();
    let with_service = [
        init(Some(dcap()), false, None),
        size(Some(dcap())),
        quote(Some(dcap()), vec![0; 432], None, 1),
        select(None),
        Request { get_supported_att_key_id_num: Some(GetSupportedAttKeyIdNumRequest::default()), ..Request::default() },
        key_ids(256),
    ];
    let ordered: Vec<Request> = without_service().into_iter().map(|(_, request)| request).chain(with_service).collect();
    assert_eq!(ordered.iter().map(|request| request.kind().unwrap()).collect::<Vec<_>>(), Kind::ALL);
    // From the last to the first: each goes before all that were there.
    for request in ordered.into_iter().rev() {
        let kind = request.kind().unwrap();
        prost::Message::merge(&mut all, &*prost::Message::encode_to_vec(&request)).unwrap();
        assert_eq!(ask(&daemon.path, &all).await.outcome().unwrap().0, kind);
    }
}

#[tokio::test]
async fn what_is_no_request_is_closed_without_an_answer_and_the_daemon_lives_on() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    let daemon = Daemon::over(&directory.path().join("aesm.socket"), &enclave);
    let framed = |body: &[u8]| [&u32::try_from(body.len()).unwrap().to_le_bytes(), body].concat();
    let frame_of = |request: &Request| aesm::frame::encode(request);
    // Requests without what they require.
    let mut incomplete = Vec::new();
    for (_, request) in without_service() {
        let mut request = request;
        let lacks = [
            request.get_lic_token.as_mut().map(|request| request.mr_signer = None),
            request.get_quote.as_mut().map(|request| request.spid = None),
            request.report_err.as_mut().map(|request| request.update_info_size = None),
            request.check_update_status.as_mut().map(|request| request.config = None),
            request.sgx_register.as_mut().map(|request| request.data_type = None),
        ];
        incomplete.extend(lacks.iter().flatten().map(|()| frame_of(&request)));
    }
    let lacking = |change: fn(&mut Request)| {
        let mut request = init(Some(dcap()), true, Some(32));
        request.get_quote_ex = quote(Some(dcap()), vec![0; 432], None, 1).get_quote_ex;
        request.get_supported_att_key_ids = key_ids(256).get_supported_att_key_ids;
        change(&mut request);
        frame_of(&request)
    };
    // Also where it is not what is asked for.
    incomplete.push(lacking(|request| request.init_quote_ex.as_mut().unwrap().b_pub_key_id = None));
    incomplete.push(lacking(|request| request.get_quote_ex.as_mut().unwrap().report = None));
    incomplete.push(lacking(|request| request.get_quote_ex.as_mut().unwrap().buf_size = None));
    incomplete.push(lacking(|request| request.get_supported_att_key_ids.as_mut().unwrap().buf_size = None));
    assert_eq!(incomplete.len(), 9);
    let whole = frame_of(&init(Some(dcap()), true, Some(32)));
    let others = [
        vec![],
        vec![1],
        vec![0; 4],
        framed(&[0xff; 9]),
        framed(b"GET / HTTP/1.1"),
        // A member that is none of the requests, well-formed.
        framed(&[0xfa, 0x06, 0]),
        whole[..whole.len() - 1].to_vec(),
        u32::MAX.to_le_bytes().to_vec(),
        ((1_u32 << 20) + 1).to_le_bytes().to_vec(),
        framed(&vec![0; (1 << 20) + 1]),
    ];
    for bytes in incomplete.into_iter().chain(others) {
        let start: Vec<u8> = bytes.iter().copied().take(32).collect();
        assert_eq!(send(&daemon.path, bytes).await, None, "{start:?}");
    }
    assert_eq!(daemon.metric("veritee_aesm_closed_connections_total{reason=\"too_long\"}"), 3);
    assert_eq!(daemon.metric("veritee_aesm_closed_connections_total{reason=\"broken\"}"), 2);
    assert_eq!(daemon.metric("veritee_aesm_closed_connections_total{reason=\"nothing\"}"), 1);
    assert_eq!(daemon.metric("veritee_aesm_closed_connections_total{reason=\"malformed\"}"), 9 + 4);
    // Whatever a stranger adds is skipped, and so is what follows the frame.
    let mut more = whole[4..].to_vec();
    more.extend([0xfa, 0x06, 2, 1, 2]);
    let answer = send(&daemon.path, [framed(&more), vec![9; 100]].concat()).await.unwrap();
    assert!(answer.len() > 512);
}

#[tokio::test]
async fn a_quoting_enclaves_faults_have_their_codes() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    let daemon = Daemon::over(&directory.path().join("aesm.socket"), &enclave);
    let report = enclave.report([5; 64]);
    let client = daemon.client();
    let key = AttestationKeyIdExt::dcap();
    type Fault = fn(String) -> QuoteError;
    let faults: [(Fault, ErrorCode); 18] = [
        (QuoteError::Unexpected, ErrorCode::Unexpected),
        (QuoteError::InvalidParameter, ErrorCode::Parameter),
        (QuoteError::OutOfMemory, ErrorCode::OutOfMemory),
        (QuoteError::EcdsaIdMismatch, ErrorCode::EcdsaIdMismatch),
        (QuoteError::StoredKey, ErrorCode::ErrorStoredKey),
        (QuoteError::PubKeyIdMismatch, ErrorCode::PubKeyIdMismatch),
        (QuoteError::InvalidPceSigScheme, ErrorCode::InvalidPceSigScheme),
        (QuoteError::AttKeyBlob, ErrorCode::AttKeyBlob),
        (QuoteError::AttKeyNotInitialized, ErrorCode::AttKeyNotInitialized),
        (QuoteError::AttKeyCertDataInvalid, ErrorCode::AttKeyCertDataInvalid),
        (QuoteError::NoPlatformCertData, ErrorCode::NoPlatformCertData),
        (QuoteError::OutOfEpc, ErrorCode::OutOfEpc),
        (QuoteError::ErrorReport, ErrorCode::ErrorReport),
        (QuoteError::EnclaveLost, ErrorCode::EnclaveLost),
        (QuoteError::InvalidReport, ErrorCode::InvalidReport),
        (QuoteError::EnclaveLoad, ErrorCode::EnclaveLoad),
        (QuoteError::UnableToGenerateQeReport, ErrorCode::UnableToGenerateQeReport),
        (QuoteError::KeyCertification, ErrorCode::KeyCertification),
    ];
    for (fault, code) in faults {
        *enclave.fault.lock().unwrap() = Some(fault("a cause".into()));
        for asked in [client.init_quote(&key).await.map(drop), client.quote(&key, &report, None).await.map(drop)] {
            match asked {
                Err(ClientError::Refused { code: found, .. }) => assert_eq!(found, code.number()),
                other => panic!("{code}: {other:?}"),
            }
        }
        // A key that does not work is not offered.
        match client.supported_key_id_num().await {
            Err(ClientError::Refused { code, .. }) => assert_eq!(code, 30),
            other => panic!("{code}: {other:?}"),
        }
    }
    *enclave.fault.lock().unwrap() = None;
    assert_eq!(client.supported_key_id_num().await.unwrap(), 1);
}

#[tokio::test]
async fn clients_find_the_key_initialise_and_get_a_quote() {
    let directory = directory();
    let enclave = Arc::new(SimulatedEnclave::new());
    let daemon = Daemon::over(&directory.path().join("aesm.socket"), &enclave);
    let client = daemon.client();
    // Nobody initialises first: a daemon that was restarted is asked for quotes at once.
    let key = AttestationKeyIdExt::dcap();
    let report: Report = enclave.report([5; 64]);
    let quoted = client.quote(&key, &report, None).await.unwrap();
    assert_eq!((quoted.quote.len(), quoted.qe_report), (enclave.size(), None));
    assert_eq!(enclave.inits.load(Ordering::Relaxed), 1);

    assert_eq!(client.supported_key_id_num().await.unwrap(), 1);
    assert_eq!(client.supported_key_ids().await.unwrap(), [key]);
    assert_eq!(client.select_key_id(None).await.unwrap(), key);
    assert_eq!(client.pub_key_id_size(&key).await.unwrap(), 32);
    assert_eq!(client.init_quote(&key).await.unwrap().ecdsa_id, enclave.ecdsa_id());
    let info = enclave.report_info([1; 16]);
    let quoted = client.quote(&key, &report, Some(&info)).await.unwrap();
    assert!(enclave.application_believes(&quoted.qe_report.unwrap()));
    let refused = client.quote_size(&AttestationKeyIdExt::read_from_bytes(&epid()).unwrap()).await.unwrap_err();
    assert_eq!(refused.to_string(), "quote daemon refused `getQuoteSizeEx` with UNSUPPORTED_ATT_KEY_ID (38)");
    assert!(refused.help().contains("which attestation keys"));
}
