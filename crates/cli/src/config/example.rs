//! `veritee config example`: every key with its help, printed from the declarations of the flags.

use crate::failure::Failure;
use crate::options::example::{comment, of};
use crate::serve::settings::{self, SECRETS};
use crate::show;

const HEAD: &str = "\
Configuration of `veritee serve`. Use it with --config FILE or VERITEE_SERVE_CONFIG, and check it with `veritee config check --file \
FILE`.

Flags take precedence over environment variables, environment variables over this file, and this file over the defaults. Remove the # \
before a key to set it. Unknown keys are refused. Durations are a number with the unit s, m, h, d or w, such as \"300s\" or \"90d\".";

const SECRET: &str = "Secrets are not in this file. They are in files that only the service can read, or in these environment variables:";

/// The tables at the end of the file. They are not flags.
const TABLES: &str = r##"
# OpenID Connect issuers whose bearer tokens are accepted, and the roles that their claims give (docs/providers.md). Repeat the table
# for each issuer.
#[[access-issuer]]
#issuer = "https://login.example/realms/main"
#audience = "veritee"
#algorithms = ["RS256"]
# Optional: where the keys are, and the certificates in PEM that its TLS is verified with.
#jwks-url = "https://login.example/realms/main/keys"
#ca = "issuer-ca.pem"
#
#[[access-issuer.rule]]
#claim = "realm_access.roles"
#value = "attestation-admins"
#role = "contributor"
#providers = ["*"]
"##;

/// Print a complete configuration file with every key, its help and its default.
///
/// Every key is a comment, so the file changes nothing until you edit it.
#[derive(clap::Args)]
pub struct Arguments {}

pub fn run(_: &Arguments) -> Result<(), Failure> {
    show::text(&text())
}

fn text() -> String {
    let mut text = comment(HEAD);
    text.push_str("#\n");
    text.push_str(&comment(SECRET));
    for secret in SECRETS {
        text.push_str(&comment(&format!("{}: {}", secret.variable, secret.help)));
    }
    text.push_str(&of::<settings::Arguments>());
    text.push_str(TABLES);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::declared;

    /// The example with the comment signs before keys and tables removed.
    fn uncommented() -> String {
        let is_setting = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && *line != "#";
        text().lines().map(|line| if is_setting(&line) { &line[1..] } else { line }).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_flag_is_in_the_example_once_with_its_environment_variable() {
        let example = text();
        let mut count = 0;
        for option in declared::all::<settings::Arguments>() {
            let key = format!("\n#{} = ", option.key);
            assert_eq!(example.matches(&key).count(), usize::from(option.is_key()), "{}", option.key);
            let expected = match option.key.as_str() {
                // The variable without FILE has the key itself.
                "key-encryption-key" => "VERITEE_SERVE_KEY_ENCRYPTION_KEY_FILE".to_owned(),
                key => format!("VERITEE_SERVE_{}", key.to_uppercase().replace('-', "_")),
            };
            assert_eq!(option.variable.as_deref(), Some(expected.as_str()));
            assert!(example.contains(&expected));
            assert!(option.help.len() > 10, "{}", option.key);
            count += 1;
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn the_example_is_toml_also_where_every_key_is_set() {
        let table: toml::Table = toml::from_str(&text()).unwrap();
        assert!(table.is_empty());
        let set: toml::Table = toml::from_str(&uncommented()).unwrap_or_else(|error| panic!("{error}"));
        let keys = declared::all::<settings::Arguments>();
        for option in keys.iter().filter(|option| option.is_key()) {
            assert!(set.contains_key(&option.key), "{}", option.key);
        }
        assert_eq!(set["access-issuer"].as_array().unwrap().len(), 1);
    }
}
