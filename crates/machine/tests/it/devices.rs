//! Device nodes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use machine::{Driver, Machine, Node, NodeState, Role};

use crate::tree::{Tree, as_nobody, forbid};

fn state(machine: &Machine, path: &str) -> NodeState {
    machine.nodes().into_iter().find(|node| node.path == path).unwrap().state
}

#[test]
fn tells_ready_forbidden_wrong_and_absent_nodes_apart() {
    let tree = Tree::new();
    tree.device("/dev/sgx_enclave");
    let provision = tree.file("/dev/sgx_provision", "");
    forbid(&provision);
    let no_device = tree.file("/dev/sgx_vepc", "");
    fs::set_permissions(no_device, Permissions::from_mode(0o666)).unwrap();
    let states = as_nobody(|| tree.machine.nodes());
    let state = |path: &str| states.iter().find(|node| node.path == path).unwrap().state;
    assert_eq!(state("/dev/sgx_enclave"), NodeState::Ready);
    assert_eq!(state("/dev/sgx_provision"), NodeState::NoPermission);
    assert_eq!(state("/dev/sgx_vepc"), NodeState::NotADevice);
    assert_eq!(state("/dev/tdx_guest"), NodeState::Absent);
    assert!(NodeState::Ready.help().is_none());
    assert!(state("/dev/sgx_provision").help().unwrap().contains("sgx_prv"));
}

#[test]
fn a_node_in_a_directory_that_may_not_be_searched_is_forbidden() {
    let tree = Tree::new();
    tree.device("/dev/sgx/enclave");
    forbid(&tree.path("/dev/sgx"));
    let (state, driver) = as_nobody(|| (state(&tree.machine, "/dev/sgx/enclave"), tree.machine.sgx_driver()));
    // Otherwise the tree could not be removed.
    fs::set_permissions(tree.path("/dev/sgx"), Permissions::from_mode(0o755)).unwrap();
    assert_eq!((state, driver), (NodeState::NoPermission, Some(Driver::Dcap)));
}

#[test]
fn a_loop_of_links_is_neither_there_nor_absent() {
    let tree = Tree::new();
    tree.link("isgx", "/dev/isgx");
    assert!(matches!(state(&tree.machine, "/dev/isgx"), NodeState::Unknown(_)));
}

#[test]
fn knows_the_drivers_by_their_names() {
    let tree = Tree::new();
    assert_eq!(tree.machine.sgx_driver(), None);
    tree.device("/dev/isgx");
    assert_eq!(tree.machine.sgx_driver(), Some(Driver::Legacy));
    tree.device("/dev/sgx/enclave");
    assert_eq!(tree.machine.sgx_driver(), Some(Driver::Dcap));
    tree.device("/dev/sgx_enclave");
    assert_eq!(tree.machine.sgx_driver(), Some(Driver::InKernel));
}

#[test]
fn links_of_the_newer_driver_lead_to_the_same_nodes() {
    let tree = Tree::new();
    tree.device("/dev/sgx_provision");
    tree.link("../sgx_provision", "/dev/sgx/provision");
    assert_eq!(state(&tree.machine, "/dev/sgx/provision"), NodeState::Ready);
    let node = tree.machine.node(Role::SgxProvision).unwrap();
    assert_eq!(node, Node { role: Role::SgxProvision, path: "/dev/sgx_provision", state: NodeState::Ready });
}

#[test]
fn the_node_to_use_is_a_ready_one_before_one_of_todays_spelling() {
    let tree = Tree::new();
    assert_eq!(tree.machine.node(Role::SgxEnclave), None);
    tree.file("/dev/sgx_enclave", "");
    assert_eq!(tree.machine.node(Role::SgxEnclave).unwrap().state, NodeState::NotADevice);
    tree.device("/dev/sgx/enclave");
    assert_eq!(tree.machine.node(Role::SgxEnclave).unwrap().path, "/dev/sgx/enclave");
}

#[test]
fn guests_and_their_vtpm_have_nodes_too() {
    let tree = Tree::new();
    for (role, path) in
        [(Role::TdxGuest, "/dev/tdx_guest"), (Role::SevGuest, "/dev/sev-guest"), (Role::Tpm, "/dev/tpmrm0")]
    {
        tree.device(path);
        assert_eq!(tree.machine.node(role).unwrap().path, path);
    }
}
