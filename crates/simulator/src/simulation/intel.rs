//! The simulated Intel of a simulation: its keys and certificates, and what it has revoked.

use serde::{Deserialize, Serialize};
use unix_time::UnixTime;

use crate::architectural::EnclaveError;
use crate::blueprint::Blueprint;
use crate::build_error::BuildError;
use crate::collateral::Collateral;
use crate::kept::{self, DamagedState, FORMAT, Party, Secret};
use crate::key::EcdsaKey;
use crate::machine::{CaType, Machine, Parties, Tcb};
use crate::pki::{CERTIFICATE, CertificateSpec, PemStyle};
use crate::platform::{Device, PckCertificates};
use crate::ppid::PpidKey;
use crate::signed::Signed;

/// A simulated Intel, which certifies the platforms of its simulation.
#[derive(Clone, Debug)]
pub struct Intel {
    created: UnixTime,
    root: Authority,
    platform_ca: Authority,
    processor_ca: Authority,
    tcb_signing: Authority,
    /// PCK certificates: who issued them, and their serial numbers.
    revoked: Vec<(CaType, [u8; 20])>,
    ppid_key: Option<PpidKey>,
}

/// A key with its certificate.
#[derive(Clone, Debug)]
struct Authority {
    key: EcdsaKey,
    serial: [u8; 20],
    certificate: Vec<u8>,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    format: u32,
    created: i64,
    root: Party,
    platform_ca: Party,
    processor_ca: Party,
    tcb_signing: Party,
    #[serde(default)]
    revoked: Vec<RevokedState>,
    #[serde(default)]
    ppid_key: Option<Secret>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokedState {
    ca: String,
    serial: String,
}

impl Intel {
    /// A new one as of `at`.
    pub(super) fn generate(at: UnixTime) -> Result<Self, BuildError> {
        let machine = Machine::generate(CaType::Platform, at)?;
        let blueprint = Blueprint::of(&machine, at)?;
        let certificates = blueprint.issue()?.certificates().clone();
        let authority = |key: &EcdsaKey, serial: [u8; 20], certificate: Vec<u8>| {
            let key = key.clone();
            Authority { key, serial, certificate }
        };
        let (keys, serials) = (machine.keys, machine.serials);
        Ok(Self {
            created: at,
            root: authority(&keys.root, serials.root, certificates.root),
            platform_ca: authority(&keys.platform_ca, serials.platform_ca, certificates.platform_ca),
            processor_ca: authority(&keys.processor_ca, serials.processor_ca, certificates.processor_ca),
            tcb_signing: authority(&keys.tcb_signing, serials.tcb_signing, certificates.tcb_signing),
            revoked: Vec::new(),
            ppid_key: None,
        })
    }

    pub(super) fn read(json: &[u8]) -> Result<Self, DamagedState> {
        let state: State = kept::read(json)?;
        let authority = |party: &Party, name| {
            let (key, serial, certificate) = party.read(name)?;
            Ok::<_, DamagedState>(Authority { key, serial, certificate })
        };
        let ppid_key = |secret: &Secret| {
            let pkcs8 = secret.bytes("ppid_key")?;
            PpidKey::from_pkcs8(&pkcs8).ok_or(DamagedState::Member("ppid_key"))
        };
        let revoked = |revoked: &RevokedState| {
            let ca = CaType::from_word(&revoked.ca).ok_or(DamagedState::Member("revoked"))?;
            Ok::<_, DamagedState>((ca, kept::bytes(&revoked.serial, "revoked")?))
        };
        Ok(Self {
            created: UnixTime::from_seconds(state.created),
            root: authority(&state.root, "root")?,
            platform_ca: authority(&state.platform_ca, "platform_ca")?,
            processor_ca: authority(&state.processor_ca, "processor_ca")?,
            tcb_signing: authority(&state.tcb_signing, "tcb_signing")?,
            revoked: state.revoked.iter().map(revoked).collect::<Result<_, _>>()?,
            ppid_key: state.ppid_key.as_ref().map(ppid_key).transpose()?,
        })
    }

    pub(super) fn write(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, BuildError> {
        let party = |authority: &Authority| Party::write(&authority.key, &authority.certificate);
        let ppid_key = |key: &PpidKey| Ok::<_, BuildError>(Secret::of(&key.to_pkcs8()?));
        let revoked =
            |(ca, serial): &(CaType, [u8; 20])| RevokedState { ca: ca.word().to_owned(), serial: hex::encode(serial) };
        kept::write(&State {
            format: FORMAT,
            created: self.created.seconds(),
            root: party(&self.root)?,
            platform_ca: party(&self.platform_ca)?,
            processor_ca: party(&self.processor_ca)?,
            tcb_signing: party(&self.tcb_signing)?,
            revoked: self.revoked.iter().map(revoked).collect(),
            ppid_key: self.ppid_key.as_ref().map(ppid_key).transpose()?,
        })
    }

    /// When it was made.
    pub const fn created(&self) -> UnixTime {
        self.created
    }

    /// The root certificate, DER.
    pub fn root_certificate_der(&self) -> &[u8] {
        &self.root.certificate
    }

    /// The root certificate, PEM.
    pub fn root_certificate_pem(&self) -> String {
        PemStyle::default().encode([self.root_certificate_der()], CERTIFICATE)
    }

    /// Collateral about SGX as of `at`, with the CRL of the CA of that type: the root CRL for a year, everything
    /// else for 30 days.
    ///
    /// # Errors
    /// Where the time cannot be written.
    pub fn collateral(&self, ca: CaType, at: UnixTime) -> Result<Collateral, BuildError> {
        self.blueprint(ca, at)?.with_certificates(self.certificates(Vec::new())).collateral()
    }

    /// The same about TDX.
    ///
    /// # Errors
    /// Where the time cannot be written.
    pub fn td_collateral(&self, ca: CaType, at: UnixTime) -> Result<Collateral, BuildError> {
        self.td_blueprint(ca, at)?.with_certificates(self.certificates(Vec::new())).collateral()
    }

    /// Collateral that is not signed yet.
    pub(crate) fn blueprint(&self, ca: CaType, at: UnixTime) -> Result<Blueprint, BuildError> {
        Ok(self.with_revoked(Blueprint::of(&self.nobody(ca)?, at)?, ca))
    }

    /// The same about TDX.
    pub(crate) fn td_blueprint(&self, ca: CaType, at: UnixTime) -> Result<Blueprint, BuildError> {
        Ok(self.with_revoked(Blueprint::of_trust_domains(&self.nobody(ca)?, at)?, ca))
    }

    /// Issues the PCK certificates of a device at `at`, one for each level.
    pub(super) fn certify(&self, device: &Device, at: UnixTime) -> Result<PckCertificates, EnclaveError> {
        let pck = |level| Ok((level, self.pck(device, level, at)?.build()?));
        let pck = Tcb::CERTIFIED.into_iter().map(pck).collect::<Result<_, EnclaveError>>()?;
        let own = self.certificates(Vec::new());
        Ok(PckCertificates { pck, issuers: [own.ca(device.ca).clone(), own.root] })
    }

    /// The PCK certificate of a device for that level, not signed yet.
    pub(crate) fn pck(
        &self,
        device: &Device,
        level: Tcb,
        at: UnixTime,
    ) -> Result<Signed<CertificateSpec>, EnclaveError> {
        let machine = self.over(device.machine(level, at)?);
        Ok(Blueprint::of(&machine, at)?.certificates.pck)
    }

    /// The key that PPIDs are encrypted under, where it was made.
    pub const fn ppid_key(&self) -> Option<&PpidKey> {
        self.ppid_key.as_ref()
    }

    pub(super) fn make_ppid_key(&mut self) -> Result<(), BuildError> {
        self.ppid_key = Some(PpidKey::generate()?);
        Ok(())
    }

    /// Whether the PCK certificate of that CA and serial number is revoked.
    pub fn is_revoked(&self, ca: CaType, serial: &[u8; 20]) -> bool {
        self.revoked.contains(&(ca, *serial))
    }

    pub(super) fn revoke(&mut self, ca: CaType, serial: [u8; 20]) {
        if !self.is_revoked(ca, &serial) {
            self.revoked.push((ca, serial));
        }
    }

    pub(super) fn pardon(&mut self, ca: CaType, serial: &[u8; 20]) {
        self.revoked.retain(|revoked| *revoked != (ca, *serial));
    }

    fn with_revoked(&self, mut blueprint: Blueprint, ca: CaType) -> Blueprint {
        let revoked = self.revoked.iter().filter(|(issuer, _)| *issuer == ca);
        blueprint.pck_crl.spec.revoked.extend(revoked.map(|(_, serial)| serial.to_vec()));
        blueprint
    }

    /// Its certificates, and that of a machine.
    pub(crate) fn certificates(&self, pck: Vec<u8>) -> Parties<Vec<u8>> {
        Parties {
            root: self.root.certificate.clone(),
            platform_ca: self.platform_ca.certificate.clone(),
            processor_ca: self.processor_ca.certificate.clone(),
            tcb_signing: self.tcb_signing.certificate.clone(),
            pck,
        }
    }

    /// A machine that nobody has, under this Intel.
    fn nobody(&self, ca: CaType) -> Result<Machine, BuildError> {
        Ok(self.over(Machine::generate(ca, self.created)?))
    }

    /// That machine under this Intel.
    fn over(&self, machine: Machine) -> Machine {
        let one = |authority: &Authority| (authority.key.clone(), authority.serial);
        let (root, root_serial) = one(&self.root);
        let (platform_ca, platform_ca_serial) = one(&self.platform_ca);
        let (processor_ca, processor_ca_serial) = one(&self.processor_ca);
        let (tcb_signing, tcb_signing_serial) = one(&self.tcb_signing);
        Machine {
            created: self.created,
            keys: Parties { root, platform_ca, processor_ca, tcb_signing, ..machine.keys },
            serials: Parties {
                root: root_serial,
                platform_ca: platform_ca_serial,
                processor_ca: processor_ca_serial,
                tcb_signing: tcb_signing_serial,
                ..machine.serials
            },
            ..machine
        }
    }
}
