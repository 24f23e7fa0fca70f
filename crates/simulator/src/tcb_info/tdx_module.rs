//! What simulated Intel says of its TDX modules.

use serde::Serialize;

use crate::build_error::BuildError;
use crate::isv_level::{self, IsvLevelSpec};

/// Signer and attributes that a TDX module must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TdxModuleSpec {
    /// MRSIGNERSEAM, zero for Intel's modules.
    pub mr_signer: [u8; 48],
    /// SEAMATTRIBUTES under the mask.
    pub attributes: [u8; 8],
    /// Bits of SEAMATTRIBUTES that count.
    pub attributes_mask: [u8; 8],
}

/// A TDX module of a later major version, with levels of its own.
#[derive(Clone, Debug)]
pub struct TdxModuleIdentitySpec {
    /// `TDX_` and the major version in two hexadecimal digits.
    pub id: String,
    /// Signer and attributes.
    pub module: TdxModuleSpec,
    /// The levels, highest first.
    pub tcb_levels: Vec<IsvLevelSpec>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireModule {
    mrsigner: String,
    attributes: String,
    attributes_mask: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireIdentity<'a> {
    id: &'a str,
    #[serde(flatten)]
    module: WireModule,
    tcb_levels: Vec<isv_level::WireLevel<'a>>,
}

impl TdxModuleSpec {
    /// As Intel's own: signer and attributes zero.
    pub const fn intel() -> Self {
        Self { mr_signer: [0; 48], attributes: [0; 8], attributes_mask: [0xff; 8] }
    }

    pub(super) fn wire(&self) -> WireModule {
        WireModule {
            mrsigner: hex::encode_upper(self.mr_signer),
            attributes: hex::encode_upper(self.attributes),
            attributes_mask: hex::encode_upper(self.attributes_mask),
        }
    }
}

impl TdxModuleIdentitySpec {
    fn wire(&self) -> Result<WireIdentity<'_>, BuildError> {
        Ok(WireIdentity { id: &self.id, module: self.module.wire(), tcb_levels: isv_level::wire(&self.tcb_levels)? })
    }
}

pub(super) fn wire(identities: &[TdxModuleIdentitySpec]) -> Result<Vec<WireIdentity<'_>>, BuildError> {
    identities.iter().map(TdxModuleIdentitySpec::wire).collect()
}
