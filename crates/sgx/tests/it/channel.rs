//! The enclave's end of the channel, from standard input.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use abi::sgx::KeyRequest;
use sgx::enclu::{Channel, ChannelError, EgetkeyError, Enclu};
use zerocopy::FromZeros;

/// What a program does that was loaded as an enclave; the tests start it as a child, and say in its environment what has to come out.
#[test]
#[ignore = "started by the tests below"]
fn program() {
    let expected = std::env::var("EXPECTED").unwrap();
    let answer = Channel::of_this_enclave().and_then(|channel| {
        let first = channel.egetkey(&KeyRequest::new_zeroed());
        // After a refusal the channel is good, after a failure it is closed.
        assert_eq!(channel.egetkey(&KeyRequest::new_zeroed()).is_ok(), expected == "refused" || expected == "key");
        first
    });
    match answer {
        Ok(key) => assert_eq!((expected.as_str(), *key), ("key", [7; 16])),
        Err(ChannelError::Absent(_)) => assert_eq!(expected, "absent"),
        Err(ChannelError::Io(_)) => assert_eq!(expected, "io"),
        Err(ChannelError::Refused(refusal)) => {
            assert_eq!((expected.as_str(), refusal), ("refused", EgetkeyError::InvalidCpuSvn));
        }
        Err(ChannelError::UnknownCode(code)) => assert_eq!((expected.as_str(), code), ("unknown", 3)),
    }
}

fn start(expected: &str, stdin: Stdio) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "channel::program", "--ignored"])
        .env("EXPECTED", expected)
        .stdin(stdin)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_program_knows_whether_it_is_an_enclave_and_what_it_was_answered() {
    let key: &[u8] = &[0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7];
    for (expected, answers) in [
        ("key", [key, key]),
        ("refused", [&[0x20, 0, 0, 0], key]),
        ("unknown", [&[3, 0, 0, 0], key]),
        ("io", [&key[..19], &[]]),
    ] {
        let (mut processor, enclave) = UnixStream::pair().unwrap();
        let mut child = start(expected, Stdio::from(OwnedFd::from(enclave)));
        for answer in answers {
            let mut request = [0; 513];
            // A program that closed its channel asks no more.
            if processor.read_exact(&mut request).is_ok() {
                assert_eq!(request, std::array::from_fn(|at| u8::from(at == 0)));
                processor.write_all(answer).unwrap();
            }
            if answer.len() == 19 {
                break;
            }
        }
        drop(processor);
        assert!(child.wait().unwrap().success(), "{expected}");
    }
    assert!(start("absent", Stdio::null()).wait().unwrap().success());
    assert!(start("absent", Stdio::piped()).wait().unwrap().success());
}
