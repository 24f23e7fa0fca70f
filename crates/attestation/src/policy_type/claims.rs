//! The claims that each kind of evidence has.

use policy::{Form, Kind, KnownClaim};

use super::PolicyType;

/// Names of older policies and tokens, with those of today.
pub(super) const RENAMED: &[(&str, &str)] = &[
    ("$is-debuggable", "x-ms-sgx-is-debuggable"),
    ("$product-id", "x-ms-sgx-product-id"),
    ("$sgx-mrsigner", "x-ms-sgx-mrsigner"),
    ("$sgx-mrenclave", "x-ms-sgx-mrenclave"),
    ("$svn", "x-ms-sgx-svn"),
    ("$tee", "x-ms-attestation-type"),
    ("is-debuggable", "x-ms-sgx-is-debuggable"),
    ("product-id", "x-ms-sgx-product-id"),
    ("sgx-mrsigner", "x-ms-sgx-mrsigner"),
    ("sgx-mrenclave", "x-ms-sgx-mrenclave"),
    ("svn", "x-ms-sgx-svn"),
    ("tee", "x-ms-attestation-type"),
    ("ver", "x-ms-ver"),
    ("policy_hash", "x-ms-policy-hash"),
    ("maa-policyHash", "x-ms-policy-hash"),
    ("policy_signer", "x-ms-policy-signer"),
    ("rp_data", "nonce"),
    ("$maa-ehd", "x-ms-sgx-ehd"),
    ("$aas-ehd", "x-ms-sgx-ehd"),
    ("maa-ehd", "x-ms-sgx-ehd"),
    ("aas-ehd", "x-ms-sgx-ehd"),
    ("$maa-attestationcollateral", "x-ms-sgx-collateral"),
    ("maa-attestationcollateral", "x-ms-sgx-collateral"),
];

/// The statuses of a TCB that can be accepted at all, as Intel spells them.
const TCB_STATUSES: Form = Form::Words(&[
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
    "TDRelaunchAdvised",
    "TDRelaunchAdvisedConfigurationNeeded",
]);

pub(super) fn of(policy_type: PolicyType) -> Vec<KnownClaim> {
    match policy_type {
        PolicyType::SgxEnclave | PolicyType::OpenEnclave => [sgx().as_slice(), &veritee()].concat(),
        PolicyType::SevSnpVm => [snp().as_slice(), &machine("sevsnpvm")].concat(),
        PolicyType::TdxVm => [tdx().as_slice(), &machine("tdxvm"), &veritee()].concat(),
        PolicyType::AzureGuest => [guest().as_slice(), &machine("azurevm")].concat(),
        PolicyType::Tpm | PolicyType::VbsEnclave => tpm(),
        PolicyType::CyResComponent => Vec::new(),
    }
}

const fn text(name: &'static str) -> KnownClaim {
    KnownClaim { name, kind: Kind::String, form: Form::Any }
}

const fn digits(name: &'static str, digits: usize) -> KnownClaim {
    KnownClaim { name, kind: Kind::String, form: Form::Hex(digits) }
}

const fn words(name: &'static str, words: Form) -> KnownClaim {
    KnownClaim { name, kind: Kind::String, form: words }
}

const fn integer(name: &'static str) -> KnownClaim {
    KnownClaim { name, kind: Kind::Integer, form: Form::Any }
}

const fn boolean(name: &'static str) -> KnownClaim {
    KnownClaim { name, kind: Kind::Boolean, form: Form::Any }
}

fn sgx() -> Vec<KnownClaim> {
    vec![
        words("x-ms-attestation-type", Form::Words(&["sgx"])),
        words("$tee", Form::Words(&["sgx"])),
        boolean("x-ms-sgx-is-debuggable"),
        boolean("$is-debuggable"),
        digits("x-ms-sgx-mrenclave", 64),
        digits("$sgx-mrenclave", 64),
        digits("x-ms-sgx-mrsigner", 64),
        digits("$sgx-mrsigner", 64),
        integer("x-ms-sgx-product-id"),
        integer("$product-id"),
        integer("x-ms-sgx-svn"),
        integer("$svn"),
        digits("x-ms-sgx-report-data", 128),
        digits("x-ms-sgx-config-id", 128),
        integer("x-ms-sgx-config-svn"),
        digits("x-ms-sgx-isv-extended-product-id", 32),
        digits("x-ms-sgx-isv-family-id", 32),
        text("x-ms-runtime"),
    ]
}

/// What Azure leaves out: how up to date the platform is, and whether it is one.
fn veritee() -> Vec<KnownClaim> {
    vec![
        words("x-veritee-tcb-status", TCB_STATUSES),
        text("x-veritee-tcb-date"),
        integer("x-veritee-tcb-evaluation-number"),
        text("x-veritee-advisory-ids"),
        text("x-veritee-fmspc"),
        words("x-veritee-qe-tcb-status", TCB_STATUSES),
        text("x-veritee-collateral-expiry"),
        boolean("x-veritee-simulated"),
        text("x-veritee-root-kind"),
        digits("x-veritee-root-sha256", 64),
        text("x-veritee-dangerous-verification-time"),
    ]
}

/// What the claims of every virtual machine begin with.
fn machine(attestation_type: &'static str) -> [KnownClaim; 3] {
    let words = match attestation_type {
        "sevsnpvm" => Form::Words(&["sevsnpvm"]),
        "tdxvm" => Form::Words(&["tdxvm"]),
        _ => Form::Words(&["azurevm"]),
    };
    [
        KnownClaim { name: "x-ms-attestation-type", kind: Kind::String, form: words },
        text("x-ms-compliance-status"),
        text("x-ms-runtime"),
    ]
}

fn snp() -> Vec<KnownClaim> {
    vec![
        digits("x-ms-sevsnpvm-authorkeydigest", 96),
        integer("x-ms-sevsnpvm-bootloader-svn"),
        digits("x-ms-sevsnpvm-familyId", 32),
        integer("x-ms-sevsnpvm-guestsvn"),
        digits("x-ms-sevsnpvm-hostdata", 64),
        digits("x-ms-sevsnpvm-idkeydigest", 96),
        digits("x-ms-sevsnpvm-imageId", 32),
        boolean("x-ms-sevsnpvm-is-debuggable"),
        digits("x-ms-sevsnpvm-launchmeasurement", 96),
        integer("x-ms-sevsnpvm-microcode-svn"),
        boolean("x-ms-sevsnpvm-migration-allowed"),
        digits("x-ms-sevsnpvm-reportdata", 128),
        digits("x-ms-sevsnpvm-reportid", 64),
        boolean("x-ms-sevsnpvm-smt-allowed"),
        integer("x-ms-sevsnpvm-snpfw-svn"),
        integer("x-ms-sevsnpvm-tee-svn"),
        text("x-ms-sevsnpvm-uvm-endorsement"),
        integer("x-ms-sevsnpvm-vmpl"),
    ]
}

fn tdx() -> Vec<KnownClaim> {
    vec![
        words("attester_tcb_status", TCB_STATUSES),
        text("dbgstat"),
        text("eat_profile"),
        text("intuse"),
        digits("tdx_mrconfigid", 96),
        digits("tdx_mrowner", 96),
        digits("tdx_mrownerconfig", 96),
        digits("tdx_mrseam", 96),
        digits("tdx_mrsignerseam", 96),
        digits("tdx_mrtd", 96),
        digits("tdx_report_data", 128),
        digits("tdx_rtmr0", 96),
        digits("tdx_rtmr1", 96),
        digits("tdx_rtmr2", 96),
        digits("tdx_rtmr3", 96),
        digits("tdx_seam_attributes", 16),
        integer("tdx_seamsvn"),
        digits("tdx_td_attributes", 16),
        boolean("tdx_td_attributes_debug"),
        boolean("tdx_td_attributes_key_locker"),
        boolean("tdx_td_attributes_perfmon"),
        boolean("tdx_td_attributes_protection_keys"),
        boolean("tdx_td_attributes_septve_disable"),
        digits("tdx_tee_tcb_svn", 32),
        digits("tdx_xfam", 16),
    ]
}

fn guest() -> Vec<KnownClaim> {
    let booleans = [
        "secureboot",
        "x-ms-azurevm-bootdebug-enabled",
        "x-ms-azurevm-dbvalidated",
        "x-ms-azurevm-dbxvalidated",
        "x-ms-azurevm-debuggersdisabled",
        "x-ms-azurevm-default-securebootkeysvalidated",
        "x-ms-azurevm-elam-enabled",
        "x-ms-azurevm-flightsigning-enabled",
        "x-ms-azurevm-hypervisordebug-enabled",
        "x-ms-azurevm-is-windows",
        "x-ms-azurevm-kerneldebug-enabled",
        "x-ms-azurevm-signingdisabled",
        "x-ms-azurevm-testsigning-enabled",
    ];
    let texts = [
        "x-ms-azurevm-attestation-protocol-ver",
        "x-ms-azurevm-attested-pcrs",
        "x-ms-azurevm-osbuild",
        "x-ms-azurevm-osdistro",
        "x-ms-azurevm-ostype",
        "x-ms-azurevm-vmid",
        "x-ms-isolation-tee",
    ];
    let integers = ["x-ms-azurevm-hvci-policy", "x-ms-azurevm-osversion-major", "x-ms-azurevm-osversion-minor"];
    [booleans.map(boolean).as_slice(), &texts.map(text), &integers.map(integer)].concat()
}

fn tpm() -> Vec<KnownClaim> {
    let booleans = [
        "aikValidated",
        "secureBootEnabled",
        "iommuEnabled",
        "bootDebuggingDisabled",
        "notSafeMode",
        "notWinPE",
        "vbsEnabled",
        "vbsReportPresent",
        "vsmReportPresent",
    ];
    let texts = [
        "aikPubHash",
        "enclaveAuthorId",
        "enclaveImageId",
        "enclaveOwnerId",
        "enclaveFamilyId",
        "events",
        "bootEvents",
        "pcrs",
        "x-ms-tpm-request-key",
        "x-ms-tpm-other-keys",
    ];
    let integers = ["tpmVersion", "enclaveSvn", "enclavePlatformSvn", "enclaveFlags"];
    [booleans.map(boolean).as_slice(), &texts.map(text), &integers.map(integer)].concat()
}
