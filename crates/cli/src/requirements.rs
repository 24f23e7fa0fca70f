//! What `veritee verify` demands: by flags and from a file.

use std::path::Path;

use dcap::TcbStatus;
use evidence::Requirements;
use serde::Deserialize;

use crate::arguments::{Allow, accepted_statuses};
use crate::failure::{self, Failure};

const MAX_FILE: u64 = 1 << 20;
const DAY: i64 = 86_400;

/// The file of `--requirements`, in TOML. Unknown keys are refused: a misspelt demand would silently not hold.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RequirementsFile {
    /// TCB statuses accepted beside UpToDate.
    #[serde(deserialize_with = "accepted_statuses")]
    accept_tcb: Vec<TcbStatus>,
    /// What the default refuses.
    allow: Vec<Allow>,
    /// Both evaluation numbers must be at least this.
    minimum_evaluation_data_number: u32,
    /// TCB Info, QE identity and PCK CRL must be at most so many days old.
    maximum_collateral_age_days: Option<u32>,
    /// Platforms to which one of these advisories applies are refused.
    rejected_advisories: Vec<String>,
}

impl RequirementsFile {
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = failure::read_file(path, MAX_FILE).map_err(Failure::or_usage)?;
        let malformed = |message: String| {
            Failure::usage(
                "requirements_malformed",
                format!("`{}` holds no requirements: {message}", path.display()),
                "keys are accept-tcb, allow, minimum-evaluation-data-number, maximum-collateral-age-days and \
                 rejected-advisories",
            )
        };
        let text = String::from_utf8(bytes).map_err(|error| malformed(error.to_string()))?;
        toml::from_str(&text).map_err(|error| malformed(error.to_string().trim_end().to_owned()))
    }

    /// The default requirements, widened and narrowed as the file and the flags say.
    pub fn with(self, accepted: &[TcbStatus], allowed: &[Allow]) -> Requirements {
        let quotes = of_quotes(accepted, allowed)
            // `Revoked` was refused when it was read.
            .accept(self.accept_tcb)
            .unwrap_or_default()
            .minimum_evaluation_data_number(self.minimum_evaluation_data_number)
            .reject_advisories(self.rejected_advisories);
        let quotes = self.allow.iter().fold(quotes, |all, allow| all.allow(allow.allowance()));
        match self.maximum_collateral_age_days {
            Some(days) => quotes.maximum_collateral_age(i64::from(days) * DAY).into(),
            None => quotes.into(),
        }
    }
}

/// The default requirements, widened as the flags say.
pub fn requirements(accepted: &[TcbStatus], allowed: &[Allow]) -> Requirements {
    of_quotes(accepted, allowed).into()
}

fn of_quotes(accepted: &[TcbStatus], allowed: &[Allow]) -> dcap::Requirements {
    let requirements = dcap::Requirements::default().accept(accepted.iter().copied()).unwrap_or_default();
    allowed.iter().fold(requirements, |requirements, allow| requirements.allow(allow.allowance()))
}
