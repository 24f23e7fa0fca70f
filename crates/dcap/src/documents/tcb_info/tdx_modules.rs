//! What Intel says of its TDX modules.

use serde::Deserialize;

use crate::documents::isv_level::{self, IsvLevel};
use crate::documents::signed_document::{MalformedJson, field, hex_field};
use crate::documents::tcb_status::TcbStatus;
use crate::documents::text::Text;

/// What Intel says of its TDX modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TdxModules {
    /// The module of major version 0, which TCB levels rate.
    pub base: TdxModule,
    /// Modules of later major versions, with levels of their own. Identities whose id names no major version are left out:
    /// no trust domain can be on them.
    pub identities: Vec<TdxModuleIdentity>,
}

/// Who signed a TDX module, and its attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TdxModule {
    /// MRSIGNERSEAM that the module must have.
    #[serde(deserialize_with = "hex_field", rename = "mrsigner")]
    pub mr_signer: [u8; 48],
    /// SEAMATTRIBUTES that the module must have.
    #[serde(deserialize_with = "hex_field")]
    pub attributes: [u8; 8],
    /// The bits of SEAMATTRIBUTES that Intel compares. Verification does not use it: all attributes must be zero.
    #[serde(deserialize_with = "hex_field")]
    pub attributes_mask: [u8; 8],
}

/// A TDX module of a major version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TdxModuleIdentity {
    /// Major version: TEE_TCB_SVN\[1\] of a trust domain on it.
    pub major: u8,
    /// Signer and attributes.
    pub module: TdxModule,
    /// Levels of TEE_TCB_SVN\[0\], highest first.
    pub levels: Vec<TdxModuleLevel>,
}

/// A level of a TDX module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TdxModuleLevel {
    /// A level with a status of this version: UpToDate, OutOfDate or Revoked.
    Known(IsvLevel),
    /// A level with any other status. Verification refuses a module that reaches it.
    UnknownStatus {
        /// SVN to reach.
        isv_svn: u16,
        /// Intel's word for the status, cut to 60 characters.
        status: String,
    },
}

impl TdxModules {
    /// The module of that major version.
    pub(crate) fn identity(&self, major: u8) -> Option<&TdxModuleIdentity> {
        self.identities.iter().find(|identity| identity.major == major)
    }

    pub(crate) fn read(base: TdxModule, identities: Option<Vec<WireIdentity<'_>>>) -> Result<Self, MalformedJson> {
        let identities = match identities {
            None => Vec::new(),
            Some(identities) if identities.is_empty() => return Err(field("`tdxModuleIdentities` is empty")),
            Some(identities) => {
                let read = identities.into_iter().map(WireIdentity::read);
                read.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?
            }
        };
        let mut majors: Vec<u8> = identities.iter().map(|identity| identity.major).collect();
        majors.sort_unstable();
        if majors.windows(2).any(|pair| matches!(pair, [one, next] if one == next)) {
            return Err(field("TCB Info has the same TDX module twice"));
        }
        Ok(Self { base, identities })
    }
}

impl TdxModuleIdentity {
    /// The highest level that a module of that SVN reaches.
    pub(crate) fn reached(&self, isv_svn: u8) -> Option<&TdxModuleLevel> {
        self.levels.iter().find(|level| u16::from(isv_svn) >= level.isv_svn())
    }

    /// The levels that can be judged, highest first.
    pub(crate) fn known_levels(&self) -> impl Iterator<Item = &IsvLevel> {
        self.levels.iter().filter_map(|level| match level {
            TdxModuleLevel::Known(level) => Some(level),
            TdxModuleLevel::UnknownStatus { .. } => None,
        })
    }
}

impl TdxModuleLevel {
    /// SVN to reach.
    pub const fn isv_svn(&self) -> u16 {
        match self {
            Self::Known(level) => level.isv_svn,
            Self::UnknownStatus { isv_svn, .. } => *isv_svn,
        }
    }

    fn of(wire: isv_level::Wire<Text<'_>>) -> Self {
        let status = &wire.tcb_status.0;
        match status.parse() {
            Ok(known @ (TcbStatus::UpToDate | TcbStatus::OutOfDate | TcbStatus::Revoked)) => {
                Self::Known(wire.with_status(known))
            }
            _ => Self::UnknownStatus { isv_svn: wire.isv_svn(), status: status.chars().take(60).collect() },
        }
    }
}

/// An element of `tdxModuleIdentities`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireIdentity<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(deserialize_with = "hex_field")]
    mrsigner: [u8; 48],
    #[serde(deserialize_with = "hex_field")]
    attributes: [u8; 8],
    #[serde(deserialize_with = "hex_field")]
    attributes_mask: [u8; 8],
    #[serde(borrow)]
    tcb_levels: Vec<isv_level::Wire<Text<'a>>>,
}

impl WireIdentity<'_> {
    /// The identity, or nothing where its id names no major version.
    fn read(self) -> Result<Option<TdxModuleIdentity>, MalformedJson> {
        let mut levels: Vec<_> = self.tcb_levels.into_iter().map(TdxModuleLevel::of).collect();
        levels.sort_by_key(|level| std::cmp::Reverse(level.isv_svn()));
        if levels.is_empty() {
            return Err(field("TDX module identity has no levels"));
        }
        if levels.windows(2).any(|pair| matches!(pair, [one, next] if one.isv_svn() == next.isv_svn())) {
            return Err(field("TDX module identity has the same level twice"));
        }
        let (mr_signer, attributes, attributes_mask) = (self.mrsigner, self.attributes, self.attributes_mask);
        let module = TdxModule { mr_signer, attributes, attributes_mask };
        Ok(major(&self.id.0).map(|major| TdxModuleIdentity { major, module, levels }))
    }
}

/// The major version in an id: `TDX_` and two hexadecimal digits, in either case.
fn major(id: &str) -> Option<u8> {
    let (prefix, digits) = id.split_at_checked(4)?;
    // `from_str_radix` would take a sign for a digit.
    let is_hex = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if prefix.eq_ignore_ascii_case("TDX_") && is_hex { u8::from_str_radix(digits, 16).ok() } else { None }
}
