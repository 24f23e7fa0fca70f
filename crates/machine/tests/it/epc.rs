//! Protected memory as the kernel counts it.

use machine::EpcError;

use crate::tree::{Tree, as_nobody, forbid};

fn total(node: &str) -> String {
    format!("/sys/devices/system/node/{node}/x86/sgx_total_bytes")
}

#[test]
fn the_nodes_of_memory_are_added_up() {
    let tree = Tree::new();
    assert_eq!(tree.machine.epc_bytes().unwrap(), None);
    tree.directory("/sys/devices/system/node/node2");
    assert_eq!(tree.machine.epc_bytes().unwrap(), None);
    tree.file(&total("node0"), "4294967296\n");
    tree.file(&total("node1"), "1048576\n");
    tree.file(&total("nodes"), "1\n");
    tree.file(&total("node"), "1\n");
    assert_eq!(tree.machine.epc_bytes().unwrap(), Some(4_296_015_872));
}

#[test]
fn no_memory_is_another_answer_than_none() {
    let tree = Tree::new();
    tree.file(&total("node0"), "0\n");
    assert_eq!(tree.machine.epc_bytes().unwrap(), Some(0));
}

#[test]
fn refuses_what_is_no_number_of_bytes() {
    for text in ["", "x\n", "-1\n", "1 2\n", "18446744073709551616\n", &"1".repeat(33), "\u{ff10}"] {
        let tree = Tree::new();
        tree.file(&total("node0"), text);
        assert!(matches!(tree.machine.epc_bytes(), Err(EpcError::NotANumber(_))), "{text:?}");
    }
    let tree = Tree::new();
    tree.file(&total("node0"), u64::MAX.to_string());
    tree.file(&total("node1"), "1");
    assert!(matches!(tree.machine.epc_bytes(), Err(EpcError::TooLarge)));
}

#[test]
fn a_file_that_may_not_be_read_is_no_missing_one() {
    let tree = Tree::new();
    forbid(&tree.file(&total("node0"), "1"));
    assert!(matches!(as_nobody(|| tree.machine.epc_bytes()), Err(EpcError::Read { .. })));
}

#[test]
fn more_nodes_than_any_machine_has_are_refused() {
    let tree = Tree::new();
    for node in 0..=1024 {
        tree.directory(&format!("/sys/devices/system/node/node{node}"));
    }
    assert!(matches!(tree.machine.epc_bytes(), Err(EpcError::TooManyNodes)));
}
