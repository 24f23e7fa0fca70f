//! The attestation types that a policy can be for: more than the service attests itself, for policies are written, tested
//! and signed here for services elsewhere too.

mod claims;

use policy::{Domain, KnownClaim, KnownProperty, Section, Value, Vocabulary};

use crate::attestation_type::AttestationType;
use crate::names::OWNED_NAMES;

/// An attestation type, as URLs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyType {
    /// An SGX quote.
    SgxEnclave,
    /// An SGX quote in Open Enclave's framing.
    OpenEnclave,
    /// A virtual machine on AMD SEV-SNP.
    SevSnpVm,
    /// A virtual machine on Intel TDX.
    TdxVm,
    /// A virtual machine of Azure, with its TPM.
    AzureGuest,
    /// A TPM.
    Tpm,
    /// An enclave of virtualization-based security, as the API of 2018 names it.
    VbsEnclave,
    /// A CyRes component, as the API of 2018 names it.
    CyResComponent,
}

macro_rules! copied {
    ($permit:literal $($from:literal => $to:literal)*) => {
        concat!(
            "version= 1.0;authorizationrules{", $permit, "};issuancerules{",
            $("c:[type==\"", $from, "\"] => issue(type=\"", $to, "\", value=c.value);",)*
            "};"
        )
    };
}

/// Azure Attestation's default for SGX, byte for byte: relying parties compare its hash.
const SGX: &str = copied! {
    "=> permit();"
    "x-ms-sgx-is-debuggable" => "is-debuggable"
    "x-ms-sgx-mrsigner" => "sgx-mrsigner"
    "x-ms-sgx-mrenclave" => "sgx-mrenclave"
    "x-ms-sgx-product-id" => "product-id"
    "x-ms-sgx-svn" => "svn"
    "x-ms-attestation-type" => "tee"
};
/// Its default for SGX in 2018.
const SGX_OF_2018: &str = copied! {
    "c:[type==\"$is-debuggable\"] => permit();"
    "$is-debuggable" => "is-debuggable"
    "$sgx-mrsigner" => "sgx-mrsigner"
    "$sgx-mrenclave" => "sgx-mrenclave"
    "$product-id" => "product-id"
    "$svn" => "svn"
    "$tee" => "tee"
};
/// Its default for SEV-SNP.
const SNP: &str = "version= 1.0;authorizationrules{=> permit();};";
/// Its default for TDX.
const TDX: &str = "version= 1.0;\n\nauthorizationrules\n{\n    => permit();\n};\n\nissuancerules\n{\n};";

impl PolicyType {
    /// Every type.
    pub const ALL: [Self; 8] = [
        Self::SgxEnclave,
        Self::OpenEnclave,
        Self::SevSnpVm,
        Self::TdxVm,
        Self::AzureGuest,
        Self::Tpm,
        Self::VbsEnclave,
        Self::CyResComponent,
    ];

    /// The name in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SgxEnclave => "SgxEnclave",
            Self::OpenEnclave => "OpenEnclave",
            Self::SevSnpVm => "SevSnpVm",
            Self::TdxVm => "TdxVm",
            Self::AzureGuest => "AzureGuest",
            Self::Tpm => "Tpm",
            Self::VbsEnclave => "VBSEnclave",
            Self::CyResComponent => "CyResComponent",
        }
    }

    /// The type of that name, whatever its case.
    pub fn from_name(name: &str) -> Option<Self> {
        // As the description of the API of 2018 has it; its service took the other name.
        let name = if name.eq_ignore_ascii_case("VSMEnclave") { Self::VbsEnclave.as_str() } else { name };
        Self::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name))
    }

    /// The text that is in force until another is set; some types have none.
    pub const fn default_policy(self) -> Option<&'static str> {
        match self {
            Self::SgxEnclave | Self::OpenEnclave => Some(SGX),
            Self::SevSnpVm => Some(SNP),
            Self::TdxVm => Some(TDX),
            Self::AzureGuest | Self::Tpm | Self::VbsEnclave | Self::CyResComponent => None,
        }
    }

    /// The text that is in force for requests of the API of 2018 until another is set.
    pub const fn default_policy_of_2018(self) -> Option<&'static str> {
        match self {
            Self::SgxEnclave | Self::OpenEnclave => Some(SGX_OF_2018),
            other => other.default_policy(),
        }
    }

    /// What a policy of this type speaks about.
    pub fn vocabulary(self) -> Vocabulary {
        Vocabulary {
            evidence: Some(self.as_str()),
            claims: claims::of(self),
            renamed: claims::RENAMED,
            has_custom_claims: matches!(self, Self::Tpm | Self::VbsEnclave),
            read_only: &["events", "pcrs"],
            properties: properties(self),
            owned: OWNED_NAMES,
        }
    }

    /// What policies of all types speak about together, for a text whose type is not known.
    pub fn every_vocabulary() -> Vocabulary {
        let mut every = Self::Tpm.vocabulary();
        (every.evidence, every.has_custom_claims) = (None, false);
        for vocabulary in Self::ALL.map(Self::vocabulary) {
            let is_new = |claim: &KnownClaim| every.claim(claim.name).is_none();
            let claims: Vec<_> = vocabulary.claims.into_iter().filter(is_new).collect();
            let is_new = |property: &KnownProperty| every.property(property.name).is_none();
            let properties: Vec<_> = vocabulary.properties.into_iter().filter(is_new).collect();
            every.claims.extend(claims);
            every.properties.extend(properties);
        }
        every
    }
}

impl From<AttestationType> for PolicyType {
    fn from(attested: AttestationType) -> Self {
        match attested {
            AttestationType::SgxEnclave => Self::SgxEnclave,
            AttestationType::OpenEnclave => Self::OpenEnclave,
            AttestationType::TdxVm => Self::TdxVm,
        }
    }
}

/// The property of issuance rules that shortens a token's lifetime, in minutes.
pub const REPORT_VALIDITY: &str = "report_validity_in_minutes";

fn properties(policy_type: PolicyType) -> Vec<KnownProperty> {
    let property = |name, section, domain, default| KnownProperty { name, section, domain, default };
    let mut properties = match policy_type {
        PolicyType::SgxEnclave | PolicyType::OpenEnclave => vec![property(
            "x-ms-sgx-tcbidentifier",
            Section::Configuration,
            Domain::WordOrNumber("azuredefault"),
            Some(Value::String("azuredefault".to_owned())),
        )],
        PolicyType::Tpm | PolicyType::VbsEnclave => vec![
            property("require_valid_aik_cert", Section::Configuration, Domain::Boolean, Some(Value::Boolean(true))),
            property(
                "required_pcr_mask",
                Section::Configuration,
                Domain::Integer(0, 0xff_ffff),
                Some(Value::Integer(0xff_ffff)),
            ),
            property("omit_x5c", Section::Issuance, Domain::Boolean, Some(Value::Boolean(false))),
        ],
        PolicyType::SevSnpVm | PolicyType::TdxVm | PolicyType::AzureGuest | PolicyType::CyResComponent => Vec::new(),
    };
    // Where no rule sets it, the provider's own lifetime holds. The most is Azure's: a year.
    properties.push(property(REPORT_VALIDITY, Section::Issuance, Domain::Integer(1, 525_600), None));
    properties
}

#[cfg(test)]
mod tests {
    use policy::{Policy, lint};

    use super::*;

    #[test]
    fn the_defaults_have_azures_hashes_and_nothing_to_be_said_about_them() {
        let hashes = [
            (PolicyType::SgxEnclave, "bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw"),
            (PolicyType::OpenEnclave, "bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw"),
            (PolicyType::SevSnpVm, "9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco"),
            (PolicyType::TdxVm, "B56nbp5slhw66peoRYkpdq1WykMkEworvdol08hnMXE"),
        ];
        for (policy_type, hash) in hashes {
            let text = policy_type.default_policy().unwrap();
            assert_eq!(token::hash::policy_hash(text), hash);
            let said = lint(text, &policy_type.vocabulary());
            assert!(said.is_empty(), "{said}");
            assert!(Policy::parse(text).unwrap().decide(&[], &policy_type.vocabulary()).is_ok());
        }
        assert_eq!((PolicyType::Tpm.default_policy(), PolicyType::AzureGuest.default_policy()), (None, None));
    }

    #[test]
    fn other_policies_of_azure_have_their_hashes_and_are_policies() {
        let of_2018 = PolicyType::SgxEnclave.default_policy_of_2018().unwrap();
        let renamed = [
            ("x-ms-sgx-is-debuggable", "is-debuggable"),
            ("x-ms-sgx-mrsigner", "sgx-mrsigner"),
            ("x-ms-sgx-mrenclave", "sgx-mrenclave"),
            ("x-ms-sgx-product-id", "product-id"),
            ("x-ms-sgx-svn", "svn"),
            ("x-ms-attestation-type", "tee"),
        ];
        let rules =
            renamed.map(|(from, to)| format!("\n\tc:[type==\"{from}\"] => issue(type=\"{to}\", value=c.value);"));
        let documented = format!(
            "version= 1.1;\nconfigurationrules{{\n\t=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", \
             value=\"azuredefault\");\n}};\nauthorizationrules{{\n\t=> permit();\n}};\nissuancerules{{{}\n}};",
            rules.concat()
        );
        let minimal = "version=1.0; authorizationrules{=> permit();}; issuancerules{};";
        for (text, hash) in [
            (of_2018, "egjnANIzEpS2WgpE4Nk-QEwM69XRCgTs42_G0qLlbnk"),
            (&documented, "Ro7KRY9_KNWhIP7MudZXlNO1nb-UPiY4IJkjaN_gh7g"),
            (minimal, "z0FRjKS0ssQTNur1V6BV8WIrh9M3fzgTo0EfHRvapWU"),
        ] {
            assert_eq!(token::hash::policy_hash(text), hash, "{text}");
            let policy = Policy::parse(text).unwrap();
            assert_eq!(policy.lint(text, &PolicyType::SgxEnclave.vocabulary()).errors(), Ok(()));
        }
        assert_eq!(of_2018.len(), 479);
        let hash = "200e2717392bfb187b89c7c498b8e5ebcd6ad136dc0cdb5b897fdb13e344ca40";
        assert_eq!(token::hash::policy_hash_legacy(of_2018), hash);
    }

    #[test]
    fn names_are_read_in_any_case() {
        assert_eq!(PolicyType::from_name("sevsnpvm"), Some(PolicyType::SevSnpVm));
        assert_eq!(PolicyType::from_name("VsmEnclave"), Some(PolicyType::VbsEnclave));
        assert_eq!(PolicyType::from_name("Sgx"), None);
    }

    #[test]
    fn every_vocabulary_has_the_names_of_each_once() {
        let every = PolicyType::every_vocabulary();
        for vocabulary in PolicyType::ALL.map(PolicyType::vocabulary) {
            for claim in &vocabulary.claims {
                assert_eq!(every.claims.iter().filter(|known| known.name == claim.name).count(), 1, "{}", claim.name);
            }
            for property in &vocabulary.properties {
                let default = property.default.as_ref();
                assert!(default.is_none_or(|default| property.domain.has(default)), "{}", property.name);
                assert!(every.property(property.name).is_some());
            }
        }
    }
}
