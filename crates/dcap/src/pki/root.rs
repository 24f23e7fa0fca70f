//! Roots of trust, pinned by key.
//!
//! Two certificates of Intel's root key are in use, so a root is the key, never the bytes of one certificate.

use std::fmt;

use crate::pki::certificate::Certificate;
use crate::pki::ecdsa::{Point, sha256};

/// The public key of the Intel SGX Root CA, an uncompressed P-256 point.
pub const INTEL_ROOT_KEY: Point = [
    0x04, 0x0b, 0xa9, 0xc4, 0xc0, 0xc0, 0xc8, 0x61, 0x93, 0xa3, 0xfe, 0x23, 0xd6, 0xb0, 0x2c, 0xda, 0x10, 0xa8, 0xbb,
    0xd4, 0xe8, 0x8e, 0x48, 0xb4, 0x45, 0x85, 0x61, 0xa3, 0x6e, 0x70, 0x55, 0x25, 0xf5, 0x67, 0x91, 0x8e, 0x2e, 0xdc,
    0x88, 0xe4, 0x0d, 0x86, 0x0b, 0xd0, 0xcc, 0x4e, 0xe2, 0x6a, 0xac, 0xc9, 0x88, 0xe5, 0x05, 0xa9, 0x53, 0x55, 0x8c,
    0x45, 0x3f, 0x6b, 0x09, 0x04, 0xae, 0x73, 0x94,
];

/// SHA-256 of the two certificates of that key that are in use, both signed by it: issued 2018-05-21 at 10:45:10Z, valid to
/// the end of 2049, and at 10:41:11Z, valid to 2033.
const INTEL_ROOT_CERTIFICATES: [[u8; 32]; 2] = [
    [
        0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, 0x49, 0xe9, 0x5b, 0x80, 0x7a, 0x35, 0x0e, 0x74,
        0x24, 0x96, 0x43, 0x99, 0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3,
    ],
    [
        0xfc, 0x64, 0xf8, 0x07, 0x6d, 0x79, 0xa4, 0xfe, 0xe9, 0xd1, 0xd4, 0x73, 0xd7, 0x4c, 0x89, 0xeb, 0x8d, 0x8f,
        0xd5, 0x5c, 0x5a, 0xba, 0xfe, 0xab, 0xeb, 0xa7, 0x36, 0x6d, 0x20, 0x42, 0x94, 0x04,
    ],
];

/// The organisational unit that the simulator puts into every certificate it makes.
pub const SIMULATION_UNIT: &str = "Veritee simulation";

/// Whose root a chain leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RootKind {
    /// Intel's SGX root key: genuine hardware.
    Intel,
    /// A simulated machine: the root certificate says so. It proves nothing about hardware.
    Simulated,
    /// Any other key that the caller chose to trust.
    Foreign,
}

impl fmt::Display for RootKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Intel => "intel",
            Self::Simulated => "simulated",
            Self::Foreign => "foreign",
        })
    }
}

/// A root key that a verified chain leads to. Two roots are equal if their keys are: certificates of one key may differ.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    key: Point,
    kind: RootKind,
}

impl PartialEq for Root {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Root {}

impl Root {
    fn of(certificate: &Certificate) -> Self {
        let key = *certificate.public_key();
        let kind = if key == INTEL_ROOT_KEY {
            RootKind::Intel
        } else if certificate.has_organizational_unit(SIMULATION_UNIT) {
            RootKind::Simulated
        } else {
            RootKind::Foreign
        };
        Self { key, kind }
    }

    /// Whose root it is.
    pub const fn kind(&self) -> RootKind {
        self.kind
    }

    pub(crate) const fn key(&self) -> Point {
        self.key
    }

    /// SHA-256 over the public key as an uncompressed point (65 bytes), which names the root whichever certificate carries it.
    pub fn sha256(&self) -> [u8; 32] {
        sha256(&[&self.key])
    }

    /// Whether evidence under this root is not Intel's: nothing under it speaks of genuine hardware.
    pub fn is_simulated(&self) -> bool {
        self.kind != RootKind::Intel
    }
}

/// The root keys that a caller trusts. There is no empty set.
#[derive(Clone, Debug)]
pub struct TrustedRoots {
    keys: Vec<Point>,
    /// Names the set of keys: SHA-256 over all of them.
    sha256: [u8; 32],
    /// SHA-256 of certificates whose own signature need not be computed again.
    self_signed: Vec<[u8; 32]>,
}

impl PartialEq for TrustedRoots {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl Eq for TrustedRoots {}

impl TrustedRoots {
    /// Intel's root key alone.
    pub fn intel() -> Self {
        Self::of(vec![INTEL_ROOT_KEY], INTEL_ROOT_CERTIFICATES.to_vec())
    }

    /// The key of that certificate alone, and so not Intel's unless it is Intel's.
    pub fn only(certificate: &Certificate) -> Self {
        let is_self_signed = certificate.signed(certificate);
        let self_signed = is_self_signed.then(|| sha256(&[certificate.der()])).into_iter().collect();
        Self::of(vec![*certificate.public_key()], self_signed)
    }

    pub(crate) fn of(keys: Vec<Point>, self_signed: Vec<[u8; 32]>) -> Self {
        let sha256 = sha256(&keys.iter().map(|key| &key[..]).collect::<Vec<_>>());
        Self { keys, sha256, self_signed }
    }

    /// The root a self-signed certificate stands for, where its key is trusted.
    pub(crate) fn find(&self, certificate: &Certificate) -> Option<Root> {
        self.keys.contains(certificate.public_key()).then(|| Root::of(certificate))
    }

    /// Whether it is known that this certificate is signed with its own key.
    pub(crate) fn knows_as_self_signed(&self, certificate: &Certificate) -> bool {
        self.self_signed.contains(&sha256(&[certificate.der()]))
    }

    pub(crate) fn trusts(&self, root: Root) -> bool {
        self.keys.contains(&root.key)
    }

    /// Names the set of keys, by SHA-256.
    pub(crate) const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }
}
