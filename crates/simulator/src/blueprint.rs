//! One machine and its Intel as plain data, all of it open to change until something is built.
//!
//! A test of a verifier takes a fresh [`Blueprint`], whose quotes and collateral are beyond reproach, changes the one
//! field that should matter, and builds. What is signed is signed at that moment, by the signer that stands beside it,
//! so that each fault comes alone.

use unix_time::UnixTime;

use crate::build_error::BuildError;
use crate::collateral::Collateral;
use crate::enclave_identity::EnclaveIdentitySpec;
use crate::key::{EcdsaKey, Signer};
use crate::machine::{CaType, Machine, Parties};
use crate::pki::{CERTIFICATE, CertificateSpec, CrlSpec, PemStyle};
use crate::quoting::{Body, QuoteSpec};
use crate::signed::Signed;
use crate::tcb_info::TcbInfoSpec;

/// Everything that makes one machine and its Intel.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// Keys of Intel's parties and of the machine. What is signed has its own signer, which changes here do not reach.
    pub keys: Parties<EcdsaKey>,
    /// The certificates, each with its signer.
    pub certificates: Parties<Signed<CertificateSpec>>,
    /// The machine's chain in its quotes: PCK, its CA, root.
    pub pck_chain: Vec<Link>,
    /// How that chain is written: with a closing NUL and no final line end.
    pub pck_chain_style: PemStyle,
    /// Certification data of quotes in place of that chain.
    pub certification_data: Option<Vec<u8>>,
    /// How quotes are made.
    pub quoting: QuoteSpec,
    /// TCB Info of the machine's family.
    pub tcb_info: Signed<TcbInfoSpec>,
    /// Chain of the signer of TCB Info: TCB Signing, root.
    pub tcb_info_chain: Vec<Link>,
    /// Identity of the machine's quoting enclave.
    pub qe_identity: Signed<EnclaveIdentitySpec>,
    /// Chain of the signer of the QE identity: TCB Signing, root.
    pub qe_identity_chain: Vec<Link>,
    /// CRL of the root.
    pub root_crl: Signed<CrlSpec>,
    /// CRL of the CA that issued the PCK certificate.
    pub pck_crl: Signed<CrlSpec>,
    /// Chain of the issuer of the PCK CRL: CA, root.
    pub pck_crl_chain: Vec<Link>,
    /// How the chains of collateral are written.
    pub chain_style: PemStyle,
}

/// A certificate in a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// The root.
    Root,
    /// The PCK CA of that type.
    Ca(CaType),
    /// The signer of TCB Info and identities.
    TcbSigning,
    /// The machine's PCK certificate.
    Pck,
    /// Any certificate at all, DER.
    Der(Vec<u8>),
}

impl Blueprint {
    /// Signs the certificates once; quotes and collateral that are built of the result carry the same ones.
    ///
    /// # Errors
    /// Where a field cannot be written in its format.
    pub fn issue(&self) -> Result<Issued<'_>, BuildError> {
        Ok(self.with_certificates(self.certificates.try_map(Signed::build)?))
    }

    /// The same with certificates, in DER, that were signed before.
    pub(crate) const fn with_certificates(&self, certificates: Parties<Vec<u8>>) -> Issued<'_> {
        Issued { blueprint: self, certificates }
    }

    /// Signs certificates and collateral.
    ///
    /// # Errors
    /// Where a field cannot be written in its format.
    pub fn collateral(&self) -> Result<Collateral, BuildError> {
        self.issue()?.collateral()
    }

    /// Signs certificates and a quote over the report of an enclave or a trust domain.
    ///
    /// # Errors
    /// Where a field cannot be written in its format.
    pub fn quote<'b>(&self, body: impl Into<Body<'b>>) -> Result<Vec<u8>, BuildError> {
        self.issue()?.quote(body)
    }

    /// CPUSVN of the machine.
    pub const fn cpu_svn(&self) -> [u8; 16] {
        self.quoting.qe_report.cpu_svn
    }

    /// Another machine of the same family under the same Intel: a PCK, an attestation key and identifiers of its own.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn another_machine(&self) -> Result<Self, BuildError> {
        let machine = Machine::generate(CaType::Platform, UnixTime::EPOCH)?;
        let key = machine.keys.pck;
        let mut other = self.clone();
        let pck = &mut other.certificates.pck.spec;
        pck.serial = machine.serials.pck.to_vec();
        pck.subject_public_key_info = key.subject_public_key_info()?;
        pck.subject_key_id = Some(key.key_id());
        if let Some(extension) = &mut pck.sgx_extension {
            extension.ppid = machine.ppid.to_vec();
            extension.platform_instance_id =
                extension.platform_instance_id.take().map(|_| machine.platform_instance_id.to_vec());
        }
        other.quoting.qe_report_signer = Signer::from(&key);
        other.quoting.use_attestation_key(&machine.attestation_key);
        for (to, from) in other.quoting.header.user_data.iter_mut().zip(machine.qe_id) {
            *to = from;
        }
        other.keys.pck = key;
        Ok(other)
    }

    /// An empty CRL of the CA of that type, in the window of the present PCK CRL.
    pub fn pck_crl_of(&self, ca: CaType) -> Signed<CrlSpec> {
        let key = self.keys.ca(ca);
        let mut spec = self.pck_crl.spec.clone();
        spec.issuer = self.certificates.ca(ca).spec.subject.clone();
        spec.authority_key_id = Some(key.key_id());
        spec.revoked.clear();
        Signed::new(spec, Signer::from(key))
    }
}

/// A blueprint whose certificates are signed.
#[derive(Clone, Debug)]
pub struct Issued<'a> {
    blueprint: &'a Blueprint,
    certificates: Parties<Vec<u8>>,
}

impl Issued<'_> {
    /// The certificates, DER.
    pub const fn certificates(&self) -> &Parties<Vec<u8>> {
        &self.certificates
    }

    /// A chain in PEM.
    pub fn chain(&self, links: &[Link], style: PemStyle) -> String {
        style.encode(links.iter().map(|link| self.der(link)), CERTIFICATE)
    }

    fn der<'a>(&'a self, link: &'a Link) -> &'a [u8] {
        match link {
            Link::Root => &self.certificates.root,
            Link::Ca(ca) => self.certificates.ca(*ca),
            Link::TcbSigning => &self.certificates.tcb_signing,
            Link::Pck => &self.certificates.pck,
            Link::Der(der) => der,
        }
    }

    /// Signs the collateral.
    ///
    /// # Errors
    /// Where a field cannot be written in its format.
    pub fn collateral(&self) -> Result<Collateral, BuildError> {
        let Blueprint { chain_style, .. } = *self.blueprint;
        Ok(Collateral {
            tcb_info: self.blueprint.tcb_info.build()?,
            tcb_info_chain_pem: self.chain(&self.blueprint.tcb_info_chain, chain_style),
            qe_identity: self.blueprint.qe_identity.build()?,
            qe_identity_chain_pem: self.chain(&self.blueprint.qe_identity_chain, chain_style),
            root_crl: self.blueprint.root_crl.build()?,
            pck_crl: self.blueprint.pck_crl.build()?,
            pck_crl_chain_pem: self.chain(&self.blueprint.pck_crl_chain, chain_style),
        })
    }

    /// Signs a quote over the report of an enclave or a trust domain.
    ///
    /// # Errors
    /// Where a field cannot be written in its format.
    pub fn quote<'b>(&self, body: impl Into<Body<'b>>) -> Result<Vec<u8>, BuildError> {
        let chain = || self.chain(&self.blueprint.pck_chain, self.blueprint.pck_chain_style).into_bytes();
        let certification_data = self.blueprint.certification_data.clone().unwrap_or_else(chain);
        self.blueprint.quoting.build(body, &certification_data)
    }
}
