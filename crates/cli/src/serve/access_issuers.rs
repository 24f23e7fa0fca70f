//! The tables `[[access-issuer]]` of the configuration: whose bearer tokens are taken beside the service's own.

use std::path::{Path, PathBuf};

use attestation::{Addresses, InvalidIssuer, IssuerSettings, ProviderName, Role, RoleRule, TrustedIssuers};
use oidc::BearerAlgorithm;
use problem::Problem;
use serde::{Deserialize, Deserializer};

use crate::failure::{self, Failure};

const MAX_CA: u64 = 1 << 20;
/// Every provider, those to come included.
const EVERY: &str = "*";

/// One issuer.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Table {
    issuer: String,
    audience: String,
    algorithms: Vec<BearerAlgorithm>,
    jwks_url: Option<String>,
    ca: Option<PathBuf>,
    #[serde(default)]
    rule: Vec<RuleTable>,
}

/// One `[[access-issuer.rule]]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    claim: ClaimPath,
    value: String,
    #[serde(deserialize_with = "role")]
    role: Role,
    providers: Option<Vec<String>>,
}

/// Where a claim is: with dots between the names, or a list of names, which may then have dots in them.
#[derive(Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "give a text such as \"realm_access.roles\", or a list of texts where a name has dots in it"
)]
enum ClaimPath {
    Dotted(String),
    Names(Vec<String>),
}

fn role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    let name = String::deserialize(deserializer)?;
    let unknown = || serde::de::Error::custom(format!("unknown role `{name}`: choose from reader, contributor, owner"));
    Role::from_name(&name).ok_or_else(unknown)
}

/// What a file says of issuers.
#[derive(Clone, Default)]
pub struct AccessIssuers {
    /// For messages.
    file: PathBuf,
    issuers: Vec<IssuerSettings>,
}

impl AccessIssuers {
    /// Reads the tables of that file, and the files they name.
    pub fn read(tables: Vec<Table>, file: &Path) -> Result<Self, Failure> {
        let numbered = tables.into_iter().zip(1..);
        let issuers = numbered.map(|(table, number)| {
            let place = format!("`{}`, [[access-issuer]] {number}", file.display());
            table.settings(&place)
        });
        Ok(Self { file: file.to_owned(), issuers: issuers.collect::<Result<_, _>>()? })
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.issuers.len()
    }

    /// Trusts them at the service reached at `own`.
    pub fn trusted(&self, own: &Addresses) -> Result<TrustedIssuers, Failure> {
        TrustedIssuers::new(self.issuers.clone(), own).map_err(|error| self.invalid(&error))
    }

    fn invalid(&self, error: &InvalidIssuer) -> Failure {
        let message =
            format!("`{}`, [[access-issuer]] {}: {}", self.file.display(), error.number, failure::chain(error));
        Failure::usage("access_issuer_invalid", message, error.help())
    }
}

impl Table {
    fn settings(self, place: &str) -> Result<IssuerSettings, Failure> {
        let rules = self.rule.into_iter().zip(1..).map(|(rule, number)| rule.read(&format!("{place}, rule {number}")));
        Ok(IssuerSettings {
            issuer: self.issuer,
            audience: self.audience,
            algorithms: self.algorithms,
            jwks_url: self.jwks_url,
            authorities: self
                .ca
                .map(|path| failure::read_file(&path, MAX_CA).map_err(Failure::or_usage))
                .transpose()?,
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

impl RuleTable {
    fn read(self, place: &str) -> Result<RoleRule, Failure> {
        let claim = match self.claim {
            ClaimPath::Dotted(path) => path.split('.').map(str::to_owned).collect(),
            ClaimPath::Names(names) => names,
        };
        let providers = providers(self.role, self.providers, place)?;
        Ok(RoleRule { claim, value: self.value, role: self.role, providers })
    }
}

/// Where a role is good. Every provider has to be said, or a forgotten line would open them all.
fn providers(role: Role, named: Option<Vec<String>>, place: &str) -> Result<Option<Vec<ProviderName>>, Failure> {
    let refused =
        |message: String, help: &str| Failure::usage("access_issuer_invalid", format!("{place}: {message}"), help);
    let help = "name providers, as in providers = [\"contoso\"], or [\"*\"] for every one, those to come included";
    match named {
        None if role == Role::Owner => Ok(None),
        None => Err(refused(format!("the role {} is without providers", role.as_str()), help)),
        Some(names) if names == [EVERY] => Ok(None),
        Some(names) => {
            let each = names.iter().map(|name| ProviderName::parse(name));
            let parsed: Result<Vec<_>, _> = each.collect();
            parsed.map(Some).map_err(|error| refused(error.to_string(), help))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of docs/providers.md: what is indented there and begins with the table.
    fn examples() -> Vec<String> {
        let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/providers.md")).unwrap();
        let mut examples = vec![String::new()];
        for line in docs.lines() {
            match line.strip_prefix("    ") {
                Some(code) => *examples.last_mut().unwrap() += &format!("{code}\n"),
                // An empty line parts the tables of one example.
                None if line.is_empty() => {}
                None => examples.push(String::new()),
            }
        }
        examples.retain(|example| example.starts_with("[[access-issuer]]"));
        examples
    }

    #[test]
    fn the_examples_of_the_documentation_are_read() {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        struct File {
            access_issuer: Vec<Table>,
        }
        let examples = examples();
        assert_eq!(examples.len(), 2);
        let own = Addresses::new(attestation::PublicUrl::parse("https://attest.example").unwrap(), None);
        for example in examples {
            let file: File = toml::from_str(&example).unwrap_or_else(|error| panic!("{example}{error}"));
            let issuers = AccessIssuers::read(file.access_issuer, Path::new("docs")).unwrap();
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            match issuers.trusted(&own) {
                Ok(_) => {}
                // A container may have no authorities at all.
                Err(failure) => assert!(failure.message().contains("HTTPS client"), "{}", failure.message()),
            }
        }
    }
}
