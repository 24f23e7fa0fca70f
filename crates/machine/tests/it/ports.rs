//! Where the quote service listens.

use machine::PortError;
use machine::qgs::QgsAddress;

use crate::tree::{Tree, as_nobody, forbid};

#[test]
fn finds_the_port_in_both_files() {
    let tree = Tree::new();
    assert_eq!(tree.machine.qgs_port().unwrap(), None);
    tree.file("/etc/qgs.conf", "# of the host\nport=4050\nnumber_threads = 4\n");
    tree.file("/etc/tdx-attest.conf", "\n  port = 4051 # of the guest\r\n");
    assert_eq!(tree.machine.qgs_port().unwrap(), Some(4050));
    assert_eq!(tree.machine.tdx_attest_port().unwrap(), Some(4051));
    tree.file("/etc/tdx-attest.conf", "#port = 4051\nsupport = 1\n");
    assert_eq!(tree.machine.tdx_attest_port().unwrap(), None);
}

#[test]
fn port_zero_is_the_unix_socket() {
    let tree = Tree::new();
    assert_eq!(tree.machine.qgs_address(0), QgsAddress::Unix(tree.path("/var/run/tdx-qgs/qgs.socket")));
    assert_eq!(tree.machine.qgs_address(7), QgsAddress::Vsock { cid: 2, port: 7 });
}

fn error(contents: impl AsRef<[u8]>) -> PortError {
    let tree = Tree::new();
    tree.file("/etc/qgs.conf", contents);
    tree.machine.qgs_port().unwrap_err()
}

#[test]
fn refuses_ports_that_are_none() {
    for port in ["", "-1", "+1", "4050x", "0x10", "4294967296", "4 050"] {
        assert!(matches!(error(format!("\nport = {port}\n")), PortError::Port { line: 2, .. }), "{port}");
    }
}

#[test]
fn refuses_configurations_that_are_none() {
    assert!(matches!(error("port 4050"), PortError::Line { line: 1, .. }));
    assert!(matches!(error("port = 1\nport = 1\n"), PortError::Twice { line: 2, .. }));
    assert!(matches!(error(b"port = \xff\n"), PortError::NotAText(_)));
    assert!(matches!(error("#".repeat((64 << 10) + 1)), PortError::NotAText(_)));
    let tree = Tree::new();
    forbid(&tree.file("/etc/qgs.conf", "port = 1"));
    assert!(matches!(as_nobody(|| tree.machine.qgs_port()), Err(PortError::Read { .. })));
}
