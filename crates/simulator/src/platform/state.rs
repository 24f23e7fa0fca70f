//! The state of a platform as JSON: everything random about it, and its certificates.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::{Decode, Encode};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::build_error::BuildError;
use crate::key::EcdsaKey;
use crate::machine::{CaType, Machine, Parties};

/// The layout of the file; another number is another layout.
const FORMAT: u32 = 1;

/// What is wrong with the state of a platform.
#[derive(Debug, thiserror::Error)]
pub enum DamagedState {
    /// Not the JSON of a platform.
    #[error("no JSON of a platform")]
    Json(#[from] serde_json::Error),
    /// Written by another version of this program.
    #[error("format {0} is not known, only {FORMAT}")]
    Format(u32),
    /// A member that cannot be read.
    #[error("member `{0}` cannot be read")]
    Member(&'static str),
    /// A certificate for another key than the platform has.
    #[error("certificate `{0}` is not of the key beside it")]
    OtherKey(&'static str),
}

/// Base64 of a secret key; wiped when it is dropped.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Secret(String);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    format: u32,
    created: i64,
    ppid: String,
    platform_instance_id: String,
    qe_id: String,
    attestation_key: Secret,
    root: Party,
    platform_ca: Party,
    processor_ca: Party,
    tcb_signing: Party,
    pck: Party,
}

/// Key (PKCS#8) and certificate (DER), both in base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Party {
    key: Secret,
    certificate: String,
}

impl Party {
    fn write(key: &EcdsaKey, certificate: &[u8]) -> Result<Self, BuildError> {
        Ok(Self { key: secret(key)?, certificate: STANDARD.encode(certificate) })
    }

    /// The key, the certificate's serial number, the certificate.
    fn read(&self, name: &'static str) -> Result<(EcdsaKey, [u8; 20], Vec<u8>), DamagedState> {
        let damaged = || DamagedState::Member(name);
        let key = self.key.read(name)?;
        let certificate = STANDARD.decode(&self.certificate).map_err(|_| damaged())?;
        let parsed = x509_cert::Certificate::from_der(&certificate).map_err(|_| damaged())?;
        let body = parsed.tbs_certificate();
        let public_key = body.subject_public_key_info().to_der().map_err(|_| damaged())?;
        if public_key != key.subject_public_key_info().map_err(|_| damaged())? {
            return Err(DamagedState::OtherKey(name));
        }
        let serial = body.serial_number().as_bytes().try_into().map_err(|_| damaged())?;
        Ok((key, serial, certificate))
    }
}

impl Secret {
    fn read(&self, name: &'static str) -> Result<EcdsaKey, DamagedState> {
        let pkcs8 = Zeroizing::new(STANDARD.decode(&self.0).map_err(|_| DamagedState::Member(name))?);
        EcdsaKey::from_pkcs8(&pkcs8).map_err(|_| DamagedState::Member(name))
    }
}

fn secret(key: &EcdsaKey) -> Result<Secret, BuildError> {
    Ok(Secret(STANDARD.encode(key.to_pkcs8()?)))
}

fn bytes<const N: usize>(text: &str, name: &'static str) -> Result<[u8; N], DamagedState> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| DamagedState::Member(name))?;
    Ok(bytes)
}

/// The state as a file holds it.
pub(super) fn write(machine: &Machine, certificates: &Parties<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, BuildError> {
    let keys = &machine.keys;
    let state = State {
        format: FORMAT,
        created: machine.created,
        ppid: hex::encode(machine.ppid),
        platform_instance_id: hex::encode(machine.platform_instance_id),
        qe_id: hex::encode(machine.qe_id),
        attestation_key: secret(&machine.attestation_key)?,
        root: Party::write(&keys.root, &certificates.root)?,
        platform_ca: Party::write(&keys.platform_ca, &certificates.platform_ca)?,
        processor_ca: Party::write(&keys.processor_ca, &certificates.processor_ca)?,
        tcb_signing: Party::write(&keys.tcb_signing, &certificates.tcb_signing)?,
        pck: Party::write(&keys.pck, &certificates.pck)?,
    };
    // Enough room from the start: a buffer that grows leaves copies of the secrets behind.
    let mut json = Zeroizing::new(Vec::with_capacity(1 << 16));
    serde_json::to_writer_pretty(&mut *json, &state)?;
    json.push(b'\n');
    Ok(json)
}

/// Reads what [`write`] wrote.
pub(super) fn read(json: &[u8]) -> Result<(Machine, Parties<Vec<u8>>), DamagedState> {
    let state: State = serde_json::from_slice(json)?;
    if state.format != FORMAT {
        return Err(DamagedState::Format(state.format));
    }
    let parties = Parties {
        root: state.root.read("root")?,
        platform_ca: state.platform_ca.read("platform_ca")?,
        processor_ca: state.processor_ca.read("processor_ca")?,
        tcb_signing: state.tcb_signing.read("tcb_signing")?,
        pck: state.pck.read("pck")?,
    };
    let machine = Machine {
        created: state.created,
        ca: CaType::Platform,
        keys: parties.map(|(key, _, _)| key.clone()),
        attestation_key: state.attestation_key.read("attestation_key")?,
        serials: parties.map(|(_, serial, _)| *serial),
        ppid: bytes(&state.ppid, "ppid")?,
        platform_instance_id: bytes(&state.platform_instance_id, "platform_instance_id")?,
        qe_id: bytes(&state.qe_id, "qe_id")?,
    };
    Ok((machine, parties.map(|(_, _, certificate)| certificate.clone())))
}
