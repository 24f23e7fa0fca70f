//! What a simulated Intel says of a simulated machine when nothing is wrong.

mod documents;

use unix_time::UnixTime;

use crate::blueprint::{Blueprint, Link};
use crate::build_error::BuildError;
use crate::key::EcdsaKey;
use crate::machine::{CaType, FMSPC, Machine, PCE_ID, Parties};
use crate::pki::{CertificateSpec, Configuration, CrlSpec, Name, PemStyle, SgxExtensionSpec};
use crate::quoting::QuoteSpec;
use crate::signed::Signed;
use crate::time::{DAY, YEAR};

pub use documents::EVALUATION_DATA_NUMBER;
use documents::{DOCUMENT_LIFETIME, qe_identity, tcb_info, td_qe_identity, tdx_tcb_info};

/// Certificates begin a day before the machine was made, for verifiers whose clock is late.
const BACKDATED: i64 = DAY;
const CA_LIFETIME: i64 = 30 * YEAR;
const PCK_LIFETIME: i64 = 7 * YEAR;
const ROOT_CRL_LIFETIME: i64 = YEAR;

// A name that never resolves (RFC 2606): nobody should fetch Intel's own CRLs for a simulated platform.
pub(crate) const ROOT_CRL_URI: &str = "https://veritee-simulation.invalid/IntelSGXRootCA.der";
pub(crate) const PCK_CRL_URI: &str = "https://veritee-simulation.invalid/sgx/certification/v4/pckcrl";

impl Blueprint {
    /// A new machine under the Platform CA, up to date, everything valid at `at`.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn new(at: UnixTime) -> Result<Self, BuildError> {
        Self::under(CaType::Platform, at)
    }

    /// A new machine under the CA of that type, up to date, everything valid at `at`.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn under(ca: CaType, at: UnixTime) -> Result<Self, BuildError> {
        Self::of(&Machine::generate(ca, at)?, at)
    }

    /// A new machine with TDX under the Platform CA, up to date, everything valid at `at`. Its quotes are
    /// of version 4, which bodies of TDX 1.5 do not fit: those need version 5 in the header.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn for_tdx(at: UnixTime) -> Result<Self, BuildError> {
        Self::of_trust_domains(&Machine::generate(CaType::Platform, at)?, at)
    }

    /// That machine as one with TDX, with documents and CRLs issued at `at`.
    pub(crate) fn of_trust_domains(machine: &Machine, at: UnixTime) -> Result<Self, BuildError> {
        let mut blueprint = Self::of(machine, at)?;
        blueprint.quoting = QuoteSpec::for_tdx(machine);
        blueprint.tcb_info.spec = tdx_tcb_info(at, machine.created);
        blueprint.qe_identity.spec = td_qe_identity(at, machine.created);
        Ok(blueprint)
    }

    /// That machine, with documents and CRLs issued at `at`.
    pub(crate) fn of(machine: &Machine, at: UnixTime) -> Result<Self, BuildError> {
        let Machine { ca, keys, created, .. } = machine;
        let certificates = certificates(machine)?;
        let root_name = certificates.root.spec.subject.clone();
        let ca_name = certificates.ca(*ca).spec.subject.clone();
        let root_crl = CrlSpec::empty(root_name, &keys.root, at, at.plus(ROOT_CRL_LIFETIME));
        let pck_crl = CrlSpec::empty(ca_name, keys.ca(*ca), at, at.plus(DOCUMENT_LIFETIME));
        let signing_chain = vec![Link::TcbSigning, Link::Root];
        Ok(Self {
            keys: keys.clone(),
            certificates,
            pck_chain: vec![Link::Pck, Link::Ca(*ca), Link::Root],
            pck_chain_style: PemStyle { final_line_end: false, nul: true, ..PemStyle::default() },
            certification_data: None,
            quoting: QuoteSpec::of(machine),
            tcb_info: Signed::new(tcb_info(at, *created), &keys.tcb_signing),
            tcb_info_chain: signing_chain.clone(),
            qe_identity: Signed::new(qe_identity(at, *created), &keys.tcb_signing),
            qe_identity_chain: signing_chain,
            root_crl: Signed::new(root_crl, &keys.root),
            pck_crl: Signed::new(pck_crl, keys.ca(*ca)),
            pck_crl_chain: vec![Link::Ca(*ca), Link::Root],
            chain_style: PemStyle::default(),
        })
    }
}

/// Root, both CAs and TCB Signing under the root, PCK under its CA.
fn certificates(machine: &Machine) -> Result<Parties<Signed<CertificateSpec>>, BuildError> {
    let Machine { keys, serials, .. } = machine;
    let root_name = Name::simulated("Intel SGX Root CA");
    let issue = |spec: CertificateSpec, serial: &[u8; 20]| {
        let spec = issued(spec, serial, &root_name, &keys.root, ROOT_CRL_URI.to_owned());
        Signed::new(valid(spec, machine.created, CA_LIFETIME), &keys.root)
    };
    let ca = |ca: CaType| CertificateSpec::ca(Name::simulated(ca.common_name()), keys.ca(ca), 0);
    let tcb_signing = CertificateSpec::end_entity(Name::simulated("Intel SGX TCB Signing"), &keys.tcb_signing)?;
    Ok(Parties {
        root: issue(CertificateSpec::ca(root_name.clone(), &keys.root, 1)?, &serials.root),
        platform_ca: issue(ca(CaType::Platform)?, &serials.platform_ca),
        processor_ca: issue(ca(CaType::Processor)?, &serials.processor_ca),
        tcb_signing: issue(tcb_signing, &serials.tcb_signing),
        pck: pck(machine)?,
    })
}

fn pck(machine: &Machine) -> Result<Signed<CertificateSpec>, BuildError> {
    let ca = machine.ca;
    let ca_key = machine.keys.ca(ca);
    let uri = format!("{PCK_CRL_URI}?ca={}&encoding=der", ca.word());
    let spec = CertificateSpec::end_entity(Name::simulated("Intel SGX PCK Certificate"), &machine.keys.pck)?;
    let mut spec = issued(spec, &machine.serials.pck, &Name::simulated(ca.common_name()), ca_key, uri);
    spec.sgx_extension = Some(sgx_extension(machine));
    Ok(Signed::new(valid(spec, machine.certified_at, PCK_LIFETIME), ca_key))
}

fn issued(spec: CertificateSpec, serial: &[u8], issuer: &Name, key: &EcdsaKey, crl: String) -> CertificateSpec {
    CertificateSpec {
        serial: serial.to_vec(),
        issuer: issuer.clone(),
        authority_key_id: Some(key.key_id()),
        crl_distribution_point: Some(crl),
        ..spec
    }
}

fn valid(spec: CertificateSpec, created: UnixTime, lifetime_seconds: i64) -> CertificateSpec {
    // Nothing begins before 1970: certificates could not say so.
    let not_before = created.plus(BACKDATED.saturating_neg()).max(UnixTime::EPOCH);
    CertificateSpec { not_before, not_after: not_before.plus(lifetime_seconds), ..spec }
}

fn sgx_extension(machine: &Machine) -> SgxExtensionSpec {
    let multi_package = machine.ca == CaType::Platform;
    SgxExtensionSpec {
        ppid: machine.ppid.to_vec(),
        component_svns: machine.level.cpu_svn.map(u32::from).to_vec(),
        pce_svn: u32::from(machine.level.pce_svn),
        cpu_svn: machine.level.cpu_svn.to_vec(),
        pce_id: PCE_ID.to_vec(),
        fmspc: FMSPC.to_vec(),
        sgx_type: u8::from(multi_package),
        platform_instance_id: multi_package.then(|| machine.platform_instance_id.to_vec()),
        configuration: multi_package.then_some(Configuration {
            dynamic_platform: Some(true),
            cached_keys: Some(true),
            smt_enabled: Some(true),
        }),
    }
}
