//! The TCB baselines that a policy can name, and the one that it does.

use std::collections::BTreeMap;

use evidence::Kind;
use serde::Serialize;
use unix_time::UnixTime;

use crate::api_version::ApiVersion;
use crate::attest::AttestError;
use crate::attestation_type::AttestationType;
use crate::provider::Provider;

/// What the provider itself demands.
const DEFAULT: &str = "azuredefault";

/// What Microsoft documents of baselines of SGX: number, release, platform software that is needed on Linux and on Windows.
const DOCUMENTED: [(u32, &str, &str, &str); 6] = [
    (10, "2020-11-11T00:00:00", "2.9", "2.7.101.2"),
    (11, "2021-06-09T00:00:00", "2.13.3", "2.13.100.2"),
    (12, "2021-11-10T00:00:00", "2.13.3", "2.13.100.2"),
    (13, "2022-08-09T00:00:00", "2.17", "2.16"),
    (14, "2022-11-08T00:00:00", "2.17", "2.16"),
    (15, "2023-02-14T00:00:00", "2.17", "2.16"),
];

/// A baseline as the API shows it. What is not known is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TcbBaseline {
    tcb_identifier: String,
    tcb_evaluation_data_number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcb_release_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_psw_linux_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_psw_windows_version: Option<&'static str>,
    /// Whether the policy selects it.
    pub is_selected_tcb: bool,
}

impl Provider {
    /// The provider's own baseline, that of each evaluation number that its collateral has now, the highest first, and the one
    /// that the policy selects.
    ///
    /// A number is the least that collateral has to have, so one that is not in the list can be named too; one above the highest
    /// in it refuses everything until there is newer collateral.
    ///
    /// # Errors
    /// Where the configuration of the policy cannot be evaluated.
    pub fn tcb_baselines(
        &self,
        attestation_type: AttestationType,
        now: UnixTime,
    ) -> Result<Vec<TcbBaseline>, AttestError> {
        let kind = attestation_type.kind();
        let mut released: BTreeMap<u32, Option<UnixTime>> = BTreeMap::new();
        let numbers = self.endorsements().evaluation_data_numbers(kind, self.clock.verification_time(now));
        released.extend(numbers.into_iter().map(|(number, date)| (number, Some(date))));
        let selected = self.selected_baseline(attestation_type)?;
        if let Some(number) = selected.as_deref().and_then(|name| name.parse().ok()) {
            released.entry(number).or_default();
        }
        let demanded = self.settings.baseline.max(self.settings.minimum_evaluation_data_number);
        let own = (DEFAULT.to_owned(), demanded, released.get(&demanded).copied().flatten());
        let others = released.iter().rev().map(|(number, date)| (number.to_string(), *number, *date));
        let baseline = |(name, number, date): (String, u32, Option<UnixTime>)| {
            let is_selected_tcb = name == selected.as_deref().unwrap_or(DEFAULT);
            TcbBaseline { is_selected_tcb, ..described(name, number, date, kind) }
        };
        Ok([own].into_iter().chain(others).map(baseline).collect())
    }

    /// The name in the configuration of the policy in force; nothing where its type has none.
    fn selected_baseline(&self, attestation_type: AttestationType) -> Result<Option<String>, AttestError> {
        let Some(policy) = self.policies.of(attestation_type.into(), ApiVersion::Current) else { return Ok(None) };
        let configured = policy.configured.as_ref().map_err(policy::EvaluationError::clone)?;
        match configured.value("x-ms-sgx-tcbidentifier") {
            Some(policy::Value::String(name)) => Ok(Some(name.clone())),
            _ => Ok(None),
        }
    }
}

fn described(tcb_identifier: String, number: u32, date: Option<UnixTime>, kind: Kind) -> TcbBaseline {
    let documented = DOCUMENTED.iter().find(|(known, ..)| *known == number && kind.is_sgx());
    // Azure writes times of no zone; Intel's levels have the day, in UTC.
    let date = date.map(|date| date.to_string().trim_end_matches('Z').to_owned());
    TcbBaseline {
        tcb_identifier,
        tcb_evaluation_data_number: number,
        tcb_release_date: documented.map(|(_, date, ..)| (*date).to_owned()).or(date),
        minimum_psw_linux_version: documented.map(|(_, _, linux, _)| *linux),
        minimum_psw_windows_version: documented.map(|(.., windows)| *windows),
        is_selected_tcb: false,
    }
}
