//! What the operator says of an issuer, and whether it can be trusted so.

use std::borrow::Cow;

use oidc::{BearerAlgorithm, KeySourceError};
use problem::Problem;

use super::rules::{RoleRule, RuleFault};
use crate::addresses::Addresses;

/// Issuers of one service.
const MAX_ISSUERS: usize = 16;
/// Rules of one issuer.
const MAX_RULES: usize = 256;
/// Bytes of an issuer, and of an audience.
const MAX_TEXT: usize = 512;

/// What the operator says of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerSettings {
    /// Compared exactly with `iss`.
    pub issuer: String,
    /// What `aud` has to be, or to have among others.
    pub audience: String,
    /// What its tokens may be signed with.
    pub algorithms: Vec<BearerAlgorithm>,
    /// Where its keys are; none is where its metadata says.
    pub jwks_url: Option<String>,
    /// CA certificates in PEM that are trusted for TLS to it, in place of the platform's.
    pub authorities: Option<Vec<u8>>,
    /// Which claims give which roles. Several that match add up.
    pub rules: Vec<RoleRule>,
}

/// Which issuer cannot be trusted as the operator says, and why.
#[derive(Debug, thiserror::Error)]
#[error("issuer `{issuer}` cannot be trusted")]
pub struct InvalidIssuer {
    /// Which one it is, from 1 on.
    pub number: usize,
    /// What it is called.
    pub issuer: String,
    /// Why not.
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

/// Why an issuer cannot be trusted as the operator says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerFault {
    /// There are others enough.
    #[error("there are more than {MAX_ISSUERS} issuers")]
    TooMany,
    /// Not what an issuer calls itself.
    #[error("the issuer is no URL of printable ASCII of at most {MAX_TEXT} bytes")]
    Issuer,
    /// One of our own: its tokens are about evidence.
    #[error("it is a provider of this service, whose attestation tokens let nobody in")]
    Own,
    /// It is there already.
    #[error("it is there twice")]
    Twice,
    /// Tokens are for nobody.
    #[error("the audience is empty, or longer than {MAX_TEXT} bytes")]
    Audience,
    /// No token could be verified.
    #[error("there are no algorithms")]
    NoAlgorithms,
    /// Its keys could never be fetched.
    #[error(transparent)]
    Keys(#[from] KeySourceError),
    /// Its tokens would give nothing.
    #[error("there are no rules, or more than {MAX_RULES}")]
    Rules,
    /// One of its rules.
    #[error("rule {number}")]
    Rule {
        /// Which one it is, from 1 on.
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
            Self::TooMany => "have one issuer speak for the others",
            Self::Issuer => {
                "spell the issuer as its tokens do, in `iss`, such as https://login.example/realms/operations"
            }
            Self::Own => {
                "name the issuer that knows your people; for the service's own access tokens nothing has to be configured"
            }
            Self::Twice => "put all rules of an issuer below one",
            Self::Audience => "give the audience that tokens for this service have in `aud`",
            Self::NoAlgorithms => "give those of RS256, PS256 and ES256 that the issuer signs with",
            Self::Keys(error) => return error.help(),
            Self::Rules => "say which claim gives which role",
            Self::Rule { fault, .. } => return fault.help(),
        };
        text.into()
    }
}

/// Everything about them that needs no file and no network.
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
