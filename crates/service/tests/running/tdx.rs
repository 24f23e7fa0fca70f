//! A service over a simulated machine with TDX.

use serde_json::Value;
use simulator::{Blueprint, Body, TrustDomainReport};
use tempfile::TempDir;
use unix_time::UnixTime;

use super::{Answer, Running, running_with};

pub struct WithTdx {
    pub service: Running,
    pub blueprint: Blueprint,
    _collateral: TempDir,
}

pub async fn with_tdx() -> WithTdx {
    let blueprint = Blueprint::for_tdx(UnixTime::of_system_clock()).unwrap();
    let issued = blueprint.issue().unwrap();
    let collateral = tempfile::tempdir().unwrap();
    issued.collateral().unwrap().write_to(collateral.path()).unwrap();
    let root = dcap::pem::encode(&issued.certificates().root, "CERTIFICATE");
    let service = running_with(|config| {
        config.root_pem = Some(root);
        config.collateral = Some(collateral.path().to_owned());
    })
    .await;
    WithTdx { service, blueprint, _collateral: collateral }
}

impl WithTdx {
    pub async fn attest(&self, body: &Value) -> Answer {
        self.service.post("/attest/TdxVm?api-version=2025-06-01", body.to_string()).await
    }

    /// A quote of version 4, or of version 5 where the body needs it.
    pub fn quote<'b>(&self, body: impl Into<Body<'b>>) -> Vec<u8> {
        let body = body.into();
        let version = if matches!(body, Body::Td10(_)) { 4 } else { 5 };
        self.quote_of_version(version, body)
    }

    pub fn quote_of_version(&self, version: u16, body: Body<'_>) -> Vec<u8> {
        let mut blueprint = self.blueprint.clone();
        blueprint.quoting.header.version = version.into();
        blueprint.quote(body).unwrap()
    }
}

/// A trust domain whose report data commits to those bytes.
pub fn trust_domain_holding(data: &[u8]) -> TrustDomainReport {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data);
    let mut report_data = [0; 64];
    report_data[..32].copy_from_slice(digest.as_ref());
    TrustDomainReport { mr_td: [1; 48], rtmr: [2, 3, 4, 5].map(|byte| [byte; 48]), debug: false, report_data }
}
