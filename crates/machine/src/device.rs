//! Device nodes: how drivers spell them, which are there, which this process may open.

use std::fmt::{self, Display};
use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use crate::tree::Machine;

/// What a device node is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Making and running SGX enclaves.
    SgxEnclave,
    /// Making enclaves that may have the provisioning key: Intel's PCE and quoting enclave.
    SgxProvision,
    /// Protected memory for guests of KVM.
    SgxVirtualEpc,
    /// TD reports, in a trust domain.
    TdxGuest,
    /// SEV-SNP reports, in a guest.
    SevGuest,
    /// The TPM through the kernel's resource manager; on Azure's confidential machines, the vTPM with the HCL report.
    Tpm,
}

/// How the node of a role can be spelled, the spelling of today first.
const SPELLINGS: [(Role, &str); 9] = [
    (Role::SgxEnclave, IN_KERNEL),
    (Role::SgxEnclave, DCAP),
    (Role::SgxEnclave, LEGACY),
    (Role::SgxProvision, "/dev/sgx_provision"),
    (Role::SgxProvision, "/dev/sgx/provision"),
    (Role::SgxVirtualEpc, "/dev/sgx_vepc"),
    (Role::TdxGuest, "/dev/tdx_guest"),
    (Role::SevGuest, "/dev/sev-guest"),
    (Role::Tpm, "/dev/tpmrm0"),
];

const IN_KERNEL: &str = "/dev/sgx_enclave";
const DCAP: &str = "/dev/sgx/enclave";
const LEGACY: &str = "/dev/isgx";

/// A device node by one of its spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is for.
    pub role: Role,
    /// Its path from `/`.
    pub path: &'static str,
    /// Whether it can be used.
    pub state: NodeState,
}

/// Whether a device node can be used by this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// It is there and may be opened for reading and writing. That says nothing of whether the driver then obeys.
    Ready,
    /// It is there, or hidden in a directory that may not be searched: this process may not open it.
    NoPermission,
    /// Something else than a character device has its name.
    NotADevice,
    /// It is not there.
    Absent,
    /// It could not be looked at.
    Unknown(io::ErrorKind),
}

impl NodeState {
    /// What to do about it; nothing where it is ready.
    pub const fn help(self) -> Option<&'static str> {
        match self {
            Self::Ready => None,
            Self::NoPermission => Some(
                "run as a user of the group that the node belongs to (`sgx` for enclaves, `sgx_prv` for provisioning); a container needs the device too",
            ),
            Self::NotADevice => Some("remove what is there and load the driver again"),
            Self::Absent => Some(
                "check that the firmware enables the feature and that the kernel has its driver; a container needs the device too",
            ),
            Self::Unknown(_) => Some("look at the path by hand"),
        }
    }
}

impl Display for NodeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::NoPermission => f.write_str("no permission"),
            Self::NotADevice => f.write_str("not a device"),
            Self::Absent => f.write_str("absent"),
            Self::Unknown(kind) => write!(f, "unknown ({kind})"),
        }
    }
}

/// Whose SGX driver the names of the nodes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// Those of the kernel since 5.11. Intel's DCAP driver took them over later and keeps its own as links.
    InKernel,
    /// Those of Intel's DCAP driver before that.
    Dcap,
    /// That of the driver of EPID's time, which cannot run Intel's quoting enclave for DCAP.
    Legacy,
}

impl Machine {
    /// Every device node by every spelling, whether it is there or not.
    pub fn nodes(&self) -> Vec<Node> {
        SPELLINGS.iter().map(|&(role, path)| Node { role, path, state: state(&self.path(path)) }).collect()
    }

    /// The node to use for a role: the first that is ready, or else the first that is there at all.
    pub fn node(&self, role: Role) -> Option<Node> {
        let nodes: Vec<Node> = self.nodes().into_iter().filter(|node| node.role == role).collect();
        let ready = nodes.iter().find(|node| node.state == NodeState::Ready);
        ready.or_else(|| nodes.iter().find(|node| node.state != NodeState::Absent)).copied()
    }

    /// Whose SGX driver is loaded, by the names of its nodes; `None` where there is none.
    pub fn sgx_driver(&self) -> Option<Driver> {
        let drivers = [(IN_KERNEL, Driver::InKernel), (DCAP, Driver::Dcap), (LEGACY, Driver::Legacy)];
        let there = |path: &str| matches!(state(&self.path(path)), NodeState::Ready | NodeState::NoPermission);
        drivers.into_iter().find(|(path, _)| there(path)).map(|(_, driver)| driver)
    }
}

/// Asks the kernel, which knows of access lists and capabilities, as the effective user.
fn state(path: &Path) -> NodeState {
    let access = accessat(CWD, path, Access::READ_OK | Access::WRITE_OK, AtFlags::EACCESS);
    match access.map_err(io::Error::from).and_then(|()| fs::metadata(path)) {
        Ok(metadata) if metadata.file_type().is_char_device() => NodeState::Ready,
        Ok(_) => NodeState::NotADevice,
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => NodeState::Absent,
            io::ErrorKind::PermissionDenied => NodeState::NoPermission,
            kind => NodeState::Unknown(kind),
        },
    }
}
