//! Registration, as firmware tells it.

use machine::{Registration, RegistrationError, RegistrationErrorCode};

use crate::tree::{Tree, as_nobody, forbid};

const STATUS: &str = "/sys/firmware/efi/efivars/SgxRegistrationStatus-f236c5dc-a491-4bbe-bcdd-88885770df45";
const REQUEST: &str = "/sys/firmware/efi/efivars/SgxRegistrationServerRequest-304e0796-d515-4698-ac6e-e76cb1a71c28";

/// Attributes, version 1, three bytes, flags and error code.
const COMPLETE: [u8; 11] = [7, 0, 0, 0, 1, 0, 3, 0, 3, 0, 0];

fn of(variable: &[u8]) -> Result<Option<Registration>, RegistrationError> {
    let tree = Tree::new();
    tree.file(STATUS, variable);
    tree.machine.registration()
}

fn with(index: usize, byte: u8) -> [u8; 11] {
    let mut variable = COMPLETE;
    variable[index] = byte;
    variable
}

#[test]
fn a_registered_platform_says_so() {
    let expected = Registration { complete: true, package_info_read: true, error: None, request_waits: false };
    assert_eq!(of(&COMPLETE).unwrap(), Some(expected));
    assert_eq!(Tree::new().machine.registration().unwrap(), None);
}

#[test]
fn an_unregistered_platform_has_a_request() {
    let tree = Tree::new();
    tree.file(STATUS, with(8, 2));
    tree.file(REQUEST, [7, 0, 0, 0]);
    let expected = Registration { complete: false, package_info_read: true, error: None, request_waits: true };
    assert_eq!(tree.machine.registration().unwrap(), Some(expected));
}

#[test]
fn error_codes_have_an_owner_and_a_meaning() {
    let error = |code| of(&with(10, code)).unwrap().unwrap().error.unwrap();
    assert_eq!(error(0x82).to_string(), "0x82 (Intel's service was not reached: network or proxy)");
    assert!(error(0xa5).by_software());
    assert!(error(0xa5).to_string().contains("manifest"));
    assert!(!error(0x12).by_software());
    assert_eq!(error(0x12), RegistrationErrorCode(0x12));
    assert_eq!(error(0x12).to_string(), "0x12");
}

#[test]
fn refuses_variables_of_another_form() {
    for length in 0..COMPLETE.len() {
        assert!(matches!(of(&COMPLETE[..length]), Err(RegistrationError::Length)), "{length}");
    }
    assert!(matches!(of(&[&COMPLETE[..], &[0]].concat()), Err(RegistrationError::Length)));
    assert!(matches!(of(&[0; 5000]), Err(RegistrationError::Length)));
    assert!(matches!(of(&with(4, 2)), Err(RegistrationError::Version { version: 2 })));
    assert!(matches!(of(&with(7, 1)), Err(RegistrationError::Size { size: 0x103 })));
    let tree = Tree::new();
    forbid(&tree.file(STATUS, COMPLETE));
    assert!(matches!(as_nobody(|| tree.machine.registration()), Err(RegistrationError::Read { .. })));
}
