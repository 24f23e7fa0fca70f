//! A daemon that asks another.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use abi::sgx::AttestationKeyIdExt;
use aesm::message::{GetQuoteSizeExResponse, InitQuoteRequest, Kind, Request, Response};
use aesm::{ClientError, QuoteError, Upstream, UpstreamError, frame};
use problem::Problem;
use tokio::io::AsyncWriteExt;

use crate::daemon::{Daemon, ask, directory};
use crate::enclave::SimulatedEnclave;

#[tokio::test]
async fn what_a_daemon_answers_comes_through_others() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    let enclave = Arc::new(SimulatedEnclave::new());
    let last = Daemon::over(&at("last"), &enclave);
    let middle = Daemon::before(&at("middle"), &at("last"));
    let first = Daemon::before(&at("first"), &at("middle"));
    let (client, key) = (first.client(), AttestationKeyIdExt::dcap());
    assert_eq!(client.supported_key_ids().await.unwrap(), [key]);
    assert_eq!(client.select_key_id(None).await.unwrap(), key);
    assert_eq!(client.init_quote(&key).await.unwrap().ecdsa_id, enclave.ecdsa_id());
    let (report, info) = (enclave.report([5; 64]), enclave.report_info([3; 16]));
    let quoted = client.quote(&key, &report, Some(&info)).await.unwrap();
    assert_eq!(quoted.quote.len(), enclave.size());
    assert!(enclave.application_believes(&quoted.qe_report.unwrap()));
    // Refusals too, with their code.
    let mut other = report;
    other.mac[0] ^= 1;
    let refused = client.quote(&key, &other, None).await;
    assert!(matches!(refused, Err(ClientError::Refused { code: 47, .. })), "{refused:?}");
    *enclave.fault.lock().unwrap() = Some(QuoteError::OutOfEpc("it is full".into()));
    let refused = client.init_quote(&key).await;
    assert!(matches!(refused, Err(ClientError::Refused { code: 29, .. })), "{refused:?}");
    // What no machine here does is not passed on.
    let epid = Request { init_quote: Some(InitQuoteRequest::default()), ..Request::default() };
    assert_eq!(ask(&first.path, &epid).await.outcome(), Some((Kind::InitQuote, 30)));
    assert_eq!(last.metric("veritee_aesm_requests_total{kind=\"initQuote\",code=\"SERVICE_UNAVAILABLE\"}"), 0);
    middle.stop().await;
}

#[test]
fn a_daemon_is_not_its_own_upstream_by_whatever_name() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    let own = at("aesm.socket");
    let check = |upstream: &Path| Upstream::check_other(upstream, &own);
    symlink(&own, at("link")).unwrap();
    symlink(directory.path(), at("directory")).unwrap();
    // Before there is anything at the path, and after.
    assert!(check(&at("other")).is_ok() && check(&at("link")).is_ok());
    for same in [own.clone(), at("directory/aesm.socket"), at("./directory/./aesm.socket")] {
        assert!(matches!(check(&same), Err(UpstreamError::Itself(_))), "{}", same.display());
    }
    let _listener = UnixListener::bind(&own).unwrap();
    fs::hard_link(&own, at("hard")).unwrap();
    for same in [own.clone(), at("link"), at("directory/aesm.socket"), at("hard")] {
        let error = check(&same).unwrap_err();
        assert!(matches!(error, UpstreamError::Itself(_)) && !error.help().is_empty(), "{}", same.display());
    }
    let _other = UnixListener::bind(at("other")).unwrap();
    assert!(check(&at("other")).is_ok());
}

#[tokio::test]
async fn a_circle_of_daemons_is_noticed_by_whoever_is_asked_twice() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    let one = Daemon::before(&at("one"), &at("three"));
    let two = Daemon::before(&at("two"), &at("one"));
    let three = Daemon::before(&at("three"), &at("two"));
    let begun = Instant::now();
    for daemon in [&one, &two, &three] {
        let asked = daemon.client().init_quote(&AttestationKeyIdExt::dcap()).await;
        assert!(matches!(asked, Err(ClientError::Refused { code: 30, .. })), "{asked:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // Each has answered one request of a client, and at most one that came back, for each of the three.
    let refused = "veritee_aesm_requests_total{kind=\"initQuoteEx\",code=\"SERVICE_UNAVAILABLE\"}";
    assert_eq!([&one, &two, &three].map(|daemon| daemon.metric(refused)), [4; 3]);
}

#[tokio::test]
async fn a_line_of_daemons_may_be_eight_long() {
    let directory = directory();
    let at = |number: usize| directory.path().join(number.to_string());
    let enclave = Arc::new(SimulatedEnclave::new());
    let _last = Daemon::over(&at(0), &enclave);
    let line: Vec<Daemon> = (1..=9).map(|number| Daemon::before(&at(number), &at(number - 1))).collect();
    let key = AttestationKeyIdExt::dcap();
    line[7].client().init_quote(&key).await.unwrap();
    let asked = line[8].client().init_quote(&key).await;
    assert!(matches!(asked, Err(ClientError::Refused { code: 30, .. })), "{asked:?}");
}

/// A daemon of others that answers each connection with the next of these frames.
async fn scripted(path: &Path, answers: Vec<Vec<u8>>) -> Vec<Request> {
    let listener = tokio::net::UnixListener::bind(path).unwrap();
    let mut asked = Vec::new();
    for answer in answers {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = frame::read(&mut stream, 1 << 20).await.unwrap();
        asked.push(Request::read(&request).unwrap().1);
        let _ = stream.write_all(&answer).await;
    }
    asked
}

fn size_answer(code: u32, size: u32) -> Vec<u8> {
    let answer = GetQuoteSizeExResponse { error_code: Some(code), quote_size: Some(size) };
    frame::encode(&Response { get_quote_size_ex: Some(answer), ..Response::default() })
}

#[tokio::test]
async fn a_daemon_of_intels_that_was_restarted_is_initialised_anew_and_no_client_gets_42() {
    let directory = directory();
    let (path, behind) = (directory.path().join("aesm.socket"), directory.path().join("intel"));
    let init = {
        let mut response = Response::bare(Kind::InitQuoteEx, 0);
        let init = response.init_quote_ex.as_mut().unwrap();
        (init.target_info, init.pub_key_id_size, init.pub_key_id) = (Some(vec![0; 512]), Some(32), Some(vec![1; 32]));
        frame::encode(&response)
    };
    let script = vec![size_answer(42, 0), init, size_answer(0, 4_600)];
    let other = tokio::spawn({
        let behind = behind.clone();
        async move { scripted(&behind, script).await }
    });
    let daemon = Daemon::before(&path, &behind);
    assert_eq!(daemon.client().quote_size(&AttestationKeyIdExt::dcap()).await.unwrap(), 4_600);
    let asked = other.await.unwrap();
    let kinds: Vec<Kind> = asked.iter().map(|request| request.kind().unwrap()).collect();
    assert_eq!(kinds, [Kind::GetQuoteSizeEx, Kind::InitQuoteEx, Kind::GetQuoteSizeEx]);
    assert!(asked.iter().all(|request| request.hops.len() == 1));
}

#[tokio::test]
async fn what_is_no_answer_is_told_apart() {
    let directory = directory();
    let path = directory.path().join("other");
    let other = Response::bare(Kind::GetQuoteEx, 0);
    let unsupported = Response {
        unsupported_request: Some(aesm::message::UnsupportedRequestResponse { error_code: Some(1) }),
        ..Response::default()
    };
    let incomplete = Response { get_quote_size_ex: Some(GetQuoteSizeExResponse::default()), ..Response::default() };
    for (answer, words) in [
        (vec![], "closed the connection without an answer"),
        (vec![4, 0, 0, 0, 1], "incomplete or too long"),
        (u32::MAX.to_le_bytes().to_vec(), "incomplete or too long"),
        (vec![2, 0, 0, 0, 0xff, 0xff], "cannot be read"),
        (frame::encode(&incomplete), "cannot be read"),
        (frame::encode(&other), "is not to `getQuoteSizeEx`"),
        (vec![0; 4], "is not to `getQuoteSizeEx`"),
        (frame::encode(&unsupported), "does not know `getQuoteSizeEx`"),
        (size_answer(99, 0), "refused `getQuoteSizeEx` with code 99"),
        (size_answer(30, 0), "SERVICE_UNAVAILABLE (30)"),
    ] {
        let serving = tokio::spawn({
            let path = path.clone();
            async move { scripted(&path, vec![answer]).await }
        });
        while !path.exists() {
            tokio::task::yield_now().await;
        }
        let client = aesm::Client::at(&path);
        let error = client.quote_size(&AttestationKeyIdExt::dcap()).await.unwrap_err();
        assert!(error.to_string().contains(words) && !error.help().is_empty(), "{words}: {error}");
        serving.await.unwrap();
        fs::remove_file(&path).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_there_is_told_at_once_or_after_ones_patience() {
    let directory = directory();
    let path = directory.path().join("absent");
    let begun = tokio::time::Instant::now();
    let error = aesm::Client::at(&path).supported_key_id_num().await.unwrap_err();
    assert!(matches!(error, ClientError::NoService { .. }) && error.to_string().contains("absent"), "{error}");
    assert_eq!(begun.elapsed(), Duration::ZERO);
    let patient = aesm::Client::at(&path).patient(Duration::from_secs(10));
    assert!(matches!(patient.supported_key_id_num().await, Err(ClientError::NoService { .. })));
    assert!(begun.elapsed() >= Duration::from_secs(10) && begun.elapsed() < Duration::from_secs(11));
    // A daemon that is silent is given up.
    let _silent = tokio::net::UnixListener::bind(&path).unwrap();
    let error = aesm::Client::at(&path).supported_key_id_num().await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout(after) if after == Duration::from_secs(15)), "{error}");
}
