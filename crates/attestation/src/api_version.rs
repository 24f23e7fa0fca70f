//! Which form of the Azure Attestation API a request is in.

/// The form of a request and of its answer.
///
/// Versions since 2020 differ in what they offer and are served alike. That of 2018 has other members, claims and answers for
/// SGX, so its name decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiVersion {
    /// `2018-09-01-preview`.
    Of2018,
    /// `2020-10-01` and whatever came after it.
    #[default]
    Current,
}

impl ApiVersion {
    /// The form that the parameter `api-version` names; anything else than that of 2018 is the current one.
    pub fn from_name(name: Option<&str>) -> Self {
        match name {
            Some(name) if name.eq_ignore_ascii_case("2018-09-01-preview") => Self::Of2018,
            _ => Self::Current,
        }
    }
}
