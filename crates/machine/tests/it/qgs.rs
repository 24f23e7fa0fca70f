//! The quote service, played by a thread at a Unix socket.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

use machine::qgs::{Collateral, MAX_ANSWER, MessageError, PckCa, PlatformInfo, Qgs, QgsAddress, QgsError, TdQuote};
use proptest::prelude::*;

use crate::tree::Tree;

const REPORT: [u8; 1024] = [0x81; 1024];

/// A service that does this with its one connection, and a client of it.
fn service<T: Send + 'static>(
    serve: impl FnOnce(&mut UnixStream) -> T + Send + 'static,
) -> (Qgs, thread::JoinHandle<T>, Tree) {
    let tree = Tree::new();
    let QgsAddress::Unix(path) = tree.machine.qgs_address(0) else { panic!() };
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    let thread = thread::spawn(move || serve(&mut listener.accept().unwrap().0));
    (Qgs::new(QgsAddress::Unix(path)).within(Duration::from_secs(20)), thread, tree)
}

/// A request as it is on the wire, without its length.
fn request(stream: &mut UnixStream) -> Vec<u8> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A message with its header: type, error code, what follows.
fn message(kind: u32, error_code: u32, body: &[u8]) -> Vec<u8> {
    let size = 16 + body.len() as u32;
    [&[1, 0, 1, 0], words(&[kind, size, error_code]).as_slice(), body].concat()
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u32).to_be_bytes(), message].concat()
}

/// What the client makes of those bytes on the wire, and the request that it sent.
fn answered<T: Send + 'static>(wire: Vec<u8>, ask: impl FnOnce(&Qgs) -> T) -> (T, Vec<u8>) {
    let (client, thread, _tree) = service(move |stream| {
        let request = request(stream);
        stream.write_all(&wire).unwrap();
        request
    });
    let answer = ask(&client);
    (answer, thread.join().unwrap())
}

fn quote_answer(selected_id: &[u8], quote: &[u8]) -> Vec<u8> {
    let sizes = words(&[selected_id.len() as u32, quote.len() as u32]);
    message(1, 0, &[&sizes, selected_id, quote].concat())
}

fn refused(wire: Vec<u8>) -> QgsError {
    answered(wire, |client| client.quote(&REPORT)).0.unwrap_err()
}

fn refused_message(message: &[u8]) -> MessageError {
    match refused(framed(message)) {
        QgsError::Message(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_report_gets_a_quote() {
    let (quote, request) = answered(framed(&quote_answer(b"id", b"quote")), |client| client.quote(&REPORT));
    assert_eq!(quote.unwrap(), TdQuote { quote: b"quote".to_vec(), selected_id: b"id".to_vec() });
    assert_eq!(request, message(0, 0, &[&words(&[1024, 0]), REPORT.as_slice()].concat()));
}

#[test]
fn a_bare_report_gets_a_bare_quote() {
    let (client, thread, _tree) = service(|stream| {
        let mut report = [0; 1024];
        stream.read_exact(&mut report).unwrap();
        stream.write_all(&[4; 5000]).unwrap();
        report
    });
    assert_eq!(client.raw_quote(&REPORT).unwrap(), [4; 5000]);
    assert_eq!(thread.join().unwrap(), REPORT);
}

#[test]
fn a_bare_quote_that_is_none_or_endless_is_refused() {
    let (client, thread, _tree) = service(|stream| stream.read_exact(&mut [0; 1024]).unwrap());
    assert!(matches!(client.raw_quote(&REPORT), Err(QgsError::Closed)));
    thread.join().unwrap();
    let (client, thread, _tree) = service(|stream| {
        stream.read_exact(&mut [0; 1024]).unwrap();
        while stream.write_all(&[0; 4096]).is_ok() {}
    });
    assert!(matches!(client.raw_quote(&REPORT), Err(QgsError::TooMuch)));
    thread.join().unwrap();
}

#[test]
fn collateral_comes_in_its_seven_parts() {
    let parts: [&[u8]; 7] = [b"1", b"", b"333", b"4444", b"55555", b"6\0", b"7"];
    let sizes: Vec<u32> = parts.iter().map(|part| part.len() as u32).collect();
    let body = [&[3, 0, 1, 0], words(&sizes).as_slice(), &parts.concat()].concat();
    let fmspc = [0x90, 0xc0, 0x6f, 0, 0, 0];
    let (collateral, request) =
        answered(framed(&message(3, 0, &body)), move |client| client.collateral(fmspc, PckCa::Platform));
    let Collateral {
        version,
        pck_crl_issuer_chain,
        root_ca_crl,
        pck_crl,
        tcb_info_issuer_chain,
        tcb_info,
        qe_identity_issuer_chain,
        qe_identity,
    } = collateral.unwrap();
    assert_eq!(version, (3, 1));
    let read = [
        pck_crl_issuer_chain,
        root_ca_crl,
        pck_crl,
        tcb_info_issuer_chain,
        tcb_info,
        qe_identity_issuer_chain,
        qe_identity,
    ];
    assert_eq!(read, parts);
    assert_eq!(request, message(2, 0, &[&words(&[6, 9]), &fmspc[..], b"platform\0"].concat()));
    let (_, request) =
        answered(framed(&message(3, 0, &body)), move |client| client.collateral(fmspc, PckCa::Processor));
    assert!(request.ends_with(b"processor\0"));
}

#[test]
fn the_platform_says_what_makes_its_quotes() {
    let body = [&[5, 0, 13, 0], words(&[16, 2]).as_slice(), &[9; 16], &[8; 2]].concat();
    let (info, request) = answered(framed(&message(5, 0, &body)), Qgs::platform_info);
    let expected = PlatformInfo { tdqe_isv_svn: 5, pce_isv_svn: 13, platform_id: vec![9; 16], cpu_svn: vec![8; 2] };
    assert_eq!(info.unwrap(), expected);
    assert_eq!(request, message(4, 0, &[]));
}

#[test]
fn an_older_minor_version_is_the_same() {
    let mut answer = quote_answer(b"", b"quote");
    answer[2] = 0;
    assert!(answered(framed(&answer), |client| client.quote(&REPORT)).0.is_ok());
}

#[test]
fn refusals_are_told_by_their_name() {
    for (code, name) in [
        (0x12001, "UNEXPECTED"),
        (0x12002, "OUT_OF_MEMORY"),
        (0x12003, "INVALID_PARAMETER"),
        (0x12004, "INVALID_VERSION"),
        (0x12005, "INVALID_TYPE"),
        (0x12006, "INVALID_SIZE"),
        (0x12007, "INVALID_CODE"),
    ] {
        let error = refused_message(&message(1, code, &[]));
        assert_eq!(error, MessageError::Refused { code });
        assert!(error.to_string().ends_with(&format!("(QGS_MSG_ERROR_{name})")), "{error}");
    }
    let error = refused_message(&message(1, 0xe011, &[]));
    assert_eq!(error.to_string(), "the service refused with code 0x0000e011");
}

#[test]
fn refuses_answers_of_another_form() {
    let good = quote_answer(b"id", b"quote");
    let with = |index: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[index] = byte;
        bytes
    };
    assert_eq!(refused_message(&good[..15]), MessageError::TooShort);
    assert_eq!(refused_message(&[]), MessageError::TooShort);
    assert_eq!(refused_message(&with(0, 2)), MessageError::Version { major: 2 });
    assert_eq!(refused_message(&with(8, 7)), MessageError::Size { claimed: 7, found: 31 });
    assert_eq!(refused_message(&with(4, 5)), MessageError::Type { found: 5, expected: 1 });
    assert_eq!(refused_message(&message(1, 0, &[0; 7])), MessageError::TooShort);
    assert_eq!(refused_message(&with(16, 3)), MessageError::Parts);
    assert_eq!(refused_message(&with(16, 1)), MessageError::Parts);
    assert_eq!(refused_message(&with(19, 0xff)), MessageError::Parts);
    assert_eq!(refused_message(&quote_answer(b"id", b"")), MessageError::NoQuote);
}

#[test]
fn refuses_giant_lengths_before_it_makes_room() {
    assert!(matches!(refused(vec![0xff; 4]), QgsError::TooLong { claimed: u32::MAX }));
    let claimed = MAX_ANSWER as u32 + 1;
    assert!(matches!(refused(claimed.to_be_bytes().to_vec()), QgsError::TooLong { .. }));
}

#[test]
fn an_answer_that_breaks_off_is_no_answer() {
    let wire = framed(&quote_answer(b"id", b"quote"));
    for length in [0, 3, 4, 20, wire.len() - 1] {
        assert!(matches!(refused(wire[..length].to_vec()), QgsError::Closed), "{length}");
    }
}

#[test]
fn the_time_is_for_the_whole_answer_however_slowly_it_drips() {
    let (client, thread, _tree) = service(|stream| {
        let _ = request(stream);
        for byte in framed(&quote_answer(b"id", &[0; 100_000])) {
            if stream.write_all(&[byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    let begin = Instant::now();
    let error = client.within(Duration::from_millis(300)).quote(&REPORT).unwrap_err();
    assert!(matches!(error, QgsError::Timeout), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(10));
    thread.join().unwrap();
}

#[test]
fn where_nobody_listens_there_is_no_connection() {
    let tree = Tree::new();
    let error = Qgs::new(tree.machine.qgs_address(0)).quote(&REPORT).unwrap_err();
    assert!(matches!(&error, QgsError::Connect { .. }), "{error:?}");
    assert!(error.to_string().contains("qgs.socket"));
    // A path that no socket address has room for.
    let long = QgsAddress::Unix(tree.path(&"x".repeat(200)));
    assert!(matches!(Qgs::new(long).quote(&REPORT), Err(QgsError::Connect { .. })));
    // No machine has this number; without vsock there is no such address at all.
    let nowhere = QgsAddress::Vsock { cid: 0xffff_fff0, port: 4050 };
    let error = Qgs::new(nowhere).within(Duration::from_secs(1)).quote(&REPORT).unwrap_err();
    assert!(matches!(error, QgsError::Connect { .. } | QgsError::Timeout), "{error:?}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0_u32..6) {
        let _ = TdQuote::decode(&bytes);
        let _ = Collateral::decode(&message(kind, 0, &bytes));
        let _ = PlatformInfo::decode(&message(kind, 0, &bytes));
        if let Ok(quote) = TdQuote::decode(&message(1, 0, &bytes)) {
            prop_assert_eq!(quote.quote.len() + quote.selected_id.len() + 8, bytes.len());
        }
    }
}
