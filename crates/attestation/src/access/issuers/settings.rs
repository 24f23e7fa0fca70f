//! The settings of a trusted issuer, and their checks.

use std::borrow::Cow;

use oidc::{BearerAlgorithm, KeySourceError};
use problem::Problem;

use super::rules::{RoleRule, RuleFault};
use crate::addresses::Addresses;

/// The maximum number of issuers of a service.
const MAX_ISSUERS: usize = 16;
/// The maximum number of rules of an issuer.
const MAX_RULES: usize = 256;
/// The maximum length of an issuer and of an audience, in bytes.
const MAX_TEXT: usize = 512;

/// The settings of a trusted issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerSettings {
    /// The value that `iss` must equal.
    pub issuer: String,
    /// The value that `aud` must equal, or contain if it is a list.
    pub audience: String,
    /// The algorithms that its tokens may be signed with.
    pub algorithms: Vec<BearerAlgorithm>,
    /// The address of its keys; `None` means the address in its metadata.
    pub jwks_url: Option<String>,
    /// CA certificates in PEM that are trusted for TLS to it, instead of the platform's.
    pub authorities: Option<Vec<u8>>,
    /// The rules that map claims to roles. The roles of all matching rules add up.
    pub rules: Vec<RoleRule>,
}

/// The issuer whose settings are invalid, and why.
#[derive(Debug, thiserror::Error)]
#[error("invalid issuer `{issuer}`")]
pub struct InvalidIssuer {
    /// Its number in the configuration, from 1.
    pub number: usize,
    /// Its `issuer`, cut to 200 characters.
    pub issuer: String,
    /// What is invalid.
    #[source]
    pub fault: IssuerFault,
}

impl Problem for InvalidIssuer {
    fn code(&self) -> Cow<'static, str> {
        "access_issuer_invalid".into()
    }

    fn help(&self) -> Cow<'_, str> {
        self.fault.help()
    }
}

impl InvalidIssuer {
    pub(super) fn new(number: usize, issuer: &str, fault: IssuerFault) -> Self {
        Self { number, issuer: issuer.chars().take(200).collect(), fault }
    }
}

/// Why the settings of an issuer are invalid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerFault {
    /// There are too many issuers.
    #[error("there are more than {MAX_ISSUERS} issuers")]
    TooMany,
    /// The issuer is empty or too long, or has other characters than printable ASCII.
    #[error("the issuer is not 1 to {MAX_TEXT} printable ASCII characters")]
    Issuer,
    /// It is a provider of this service, which issues attestation tokens.
    #[error("it is a provider of this service; attestation tokens grant no access")]
    Own,
    /// Another entry has the same issuer.
    #[error("it is configured twice")]
    Twice,
    /// The audience is empty or too long.
    #[error("the audience is empty or longer than {MAX_TEXT} bytes")]
    Audience,
    /// No algorithm is allowed.
    #[error("no algorithms are allowed")]
    NoAlgorithms,
    /// The source of its keys cannot be made.
    #[error(transparent)]
    Keys(#[from] KeySourceError),
    /// There are no rules, or too many.
    #[error("the number of rules is not 1 to {MAX_RULES}")]
    Rules,
    /// One of its rules is invalid.
    #[error("rule {number} is invalid")]
    Rule {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        #[source]
        fault: RuleFault,
    },
}

impl Problem for IssuerFault {
    fn code(&self) -> Cow<'static, str> {
        match self {
            Self::TooMany => "too_many_issuers".into(),
            Self::Issuer => "issuer_malformed".into(),
            Self::Own => "issuer_is_own".into(),
            Self::Twice => "issuer_twice".into(),
            Self::Audience => "issuer_audience_malformed".into(),
            Self::NoAlgorithms => "issuer_without_algorithms".into(),
            Self::Keys(error) => error.code(),
            Self::Rules => "issuer_rules_out_of_range".into(),
            Self::Rule { fault, .. } => fault.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        let text = match self {
            Self::TooMany => "use one issuer that federates the others",
            Self::Issuer => {
                "spell the issuer exactly as its tokens do in `iss`, such as https://login.example/realms/operations"
            }
            Self::Own => {
                "name the issuer that your users log in to; the service's own access tokens need no configuration"
            }
            Self::Twice => "put all rules of an issuer into one entry",
            Self::Audience => "set the audience that tokens for this service have in `aud`",
            Self::NoAlgorithms => "list those of RS256, PS256 and ES256 that the issuer signs with",
            Self::Keys(error) => return error.help(),
            Self::Rules => "add rules that map claims to roles, 256 at most",
            Self::Rule { fault, .. } => return fault.help(),
        };
        text.into()
    }
}

/// Checks everything about the settings that needs no file and no network.
pub(super) fn check_all(settings: &[IssuerSettings], own: &Addresses) -> Result<(), InvalidIssuer> {
    for (one, number) in settings.iter().zip(1..) {
        let is_twice = settings.iter().filter(|other| other.issuer == one.issuer).count() > 1;
        let checked = match () {
            () if number > MAX_ISSUERS => Err(IssuerFault::TooMany),
            () if is_twice => Err(IssuerFault::Twice),
            () => check(one, own),
        };
        checked.map_err(|fault| InvalidIssuer::new(number, &one.issuer, fault))?;
    }
    Ok(())
}

fn check(settings: &IssuerSettings, own: &Addresses) -> Result<(), IssuerFault> {
    let is_text = |text: &str| (1..=MAX_TEXT).contains(&text.len());
    if !is_text(&settings.issuer) || !settings.issuer.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(IssuerFault::Issuer);
    }
    if own.is_issuer(&settings.issuer) {
        return Err(IssuerFault::Own);
    }
    if !is_text(&settings.audience) {
        return Err(IssuerFault::Audience);
    }
    if settings.algorithms.is_empty() {
        return Err(IssuerFault::NoAlgorithms);
    }
    if !(1..=MAX_RULES).contains(&settings.rules.len()) {
        return Err(IssuerFault::Rules);
    }
    for (rule, number) in settings.rules.iter().zip(1..) {
        rule.check().map_err(|fault| IssuerFault::Rule { number, fault })?;
    }
    Ok(())
}
