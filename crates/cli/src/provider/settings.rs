//! What is said of a provider when it is made or changed.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::failure::{self, Failure};

const MAX_FILE: u64 = 256 << 10;

/// What is fixed when a provider is made.
#[derive(clap::Args)]
pub struct Fixed {
    /// Where it is, in your geography.
    #[arg(long, value_name = "NAME", default_value = "local")]
    location: String,
    /// Make it Isolated: its policies must be signed under one of these certificates.
    #[arg(long, value_name = "PEM")]
    policy_signers: Option<PathBuf>,
    /// Make it Shared: nobody changes its policies.
    #[arg(long, conflicts_with = "policy_signers")]
    shared: bool,
    /// Make it the default provider of its location.
    #[arg(long)]
    default: bool,
    /// Trust this root instead of Intel's: its tokens are marked. Services on loopback alone take such providers.
    #[arg(long, value_name = "PEM")]
    trust_root: Option<PathBuf>,
    /// What its tokens are signed with.
    #[arg(long, value_name = "RS256|ES256", value_parser = ["RS256", "ES256"], default_value = "RS256")]
    token_algorithm: String,
}

/// What may be changed about a provider.
#[derive(clap::Args)]
pub struct Changes {
    /// Words of your own about it; replaces those it has.
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    tags: Vec<(String, String)>,
    /// Whether addresses beyond private networks reach it.
    #[arg(long, value_name = "true|false")]
    public_network_access: Option<bool>,
    /// Whether attestation of a TPM needs a token.
    #[arg(long, value_name = "true|false")]
    tpm_authentication: Option<bool>,
    /// Accept these TCB statuses beside UpToDate, and no others [default: those of the service].
    #[arg(long, value_name = "STATUS,...", value_delimiter = ',')]
    accept_tcb: Option<Vec<String>>,
    /// The evaluation number that a policy's `azuredefault` stands for.
    #[arg(long, value_name = "NUMBER")]
    baseline: Option<u32>,
    /// The evaluation number that no policy goes below.
    #[arg(long, value_name = "NUMBER")]
    minimum_evaluation_data_number: Option<u32>,
    /// Where its collateral lies on the service's machine [default: where the service's lies].
    #[arg(long, value_name = "PATH")]
    collateral: Option<PathBuf>,
    /// Seconds that its tokens are valid: 60 to 604800 [default: 28800].
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<i64>,
    /// Days after which a signing key is replaced; 0 is never [default: 90].
    #[arg(long, value_name = "DAYS")]
    key_rotation_days: Option<u32>,
    /// Whether evidence is attested for everybody [default: true].
    #[arg(long, value_name = "true|false")]
    anonymous_attestation: Option<bool>,
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Changes {
    /// As the control plane takes them: what was not said is not there.
    pub fn body(&self) -> Value {
        let switch = |on: bool| if on { "Enabled" } else { "Disabled" };
        let veritee = present([
            ("acceptedTcb", self.accept_tcb.as_ref().map(|names| json!(names))),
            ("baseline", self.baseline.map(Value::from)),
            ("minimumEvaluationDataNumber", self.minimum_evaluation_data_number.map(Value::from)),
            ("collateral", self.collateral.as_ref().map(|path| json!(path))),
            ("tokenLifetime", self.token_lifetime.map(Value::from)),
            ("keyRotationDays", self.key_rotation_days.map(Value::from)),
            ("anonymousAttestation", self.anonymous_attestation.map(Value::from)),
        ]);
        let properties = present([
            ("publicNetworkAccess", self.public_network_access.map(switch).map(Value::from)),
            ("tpmAttestationAuthentication", self.tpm_authentication.map(switch).map(Value::from)),
            ("veritee", Some(veritee)),
        ]);
        let tags: Map<String, Value> =
            self.tags.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        let tags = (!tags.is_empty()).then_some(Value::Object(tags));
        present([("tags", tags), ("properties", Some(properties))])
    }
}

impl Fixed {
    /// Adds what is fixed to what may be changed.
    pub fn add_to(&self, body: &mut Value) -> Result<(), Failure> {
        body["location"] = self.location.as_str().into();
        let properties = &mut body["properties"];
        if let Some(path) = &self.policy_signers {
            let keys: Vec<Value> =
                certificates(path)?.iter().map(|der| json!({"x5c": [STANDARD.encode(der)]})).collect();
            properties["policySigningCertificates"] = json!({"keys": keys});
        }
        let veritee = &mut properties["veritee"];
        veritee["tokenAlgorithm"] = self.token_algorithm.as_str().into();
        veritee["shared"] = self.shared.into();
        veritee["default"] = self.default.into();
        if let Some(path) = &self.trust_root {
            let root = failure::read_file(path, MAX_FILE).map_err(Failure::or_usage)?;
            veritee["rootCertificate"] = String::from_utf8_lossy(&root).into();
        }
        Ok(())
    }
}

/// The certificates in a file of PEM.
pub fn certificates(path: &std::path::Path) -> Result<Vec<Vec<u8>>, Failure> {
    let bytes = failure::read_file(path, MAX_FILE).map_err(Failure::or_usage)?;
    match dcap::pem::blocks(&bytes, "CERTIFICATE") {
        Ok(blocks) if !blocks.is_empty() => Ok(blocks),
        _ => Err(Failure::usage(
            "no_certificates",
            format!("`{}` holds no certificates in PEM", path.display()),
            "pass a file with -----BEGIN CERTIFICATE-----",
        )),
    }
}

fn present<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect())
}
