//! The state of a platform as JSON: the secrets of the device, its levels, the certificates that Intel gave it.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use unix_time::UnixTime;
use zeroize::Zeroizing;

use super::certificates::PckCertificates;
use super::device::Device;
use crate::build_error::BuildError;
use crate::cpu::{CpuSvn, DeviceKeys};
use crate::kept::{self, DamagedState, FORMAT, Secret, SimulationError};
use crate::machine::{CaType, Tcb};

/// Name of the file.
pub(crate) const STATE: &str = "platform.json";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    format: u32,
    created: i64,
    ca: String,
    /// None on a machine with the keys of Intel's SDK.
    device_keys: Option<Secret>,
    platform_instance_id: String,
    cpu_svn: String,
    pce_svn: u16,
    pck: Vec<PckState>,
    /// DER in base64: the CA of the PCK certificates, the root.
    issuers: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PckState {
    cpu_svn: String,
    pce_svn: u16,
    /// DER in base64.
    certificate: String,
}

/// Writes the state of a platform to its directory.
pub(crate) fn write(directory: &Path, device: &Device, certificates: &PckCertificates) -> Result<(), SimulationError> {
    kept::write_file(&kept::open(directory)?, STATE, &to_json(device, certificates)?)
}

/// Reads what [`write`] wrote.
pub(super) fn read(directory: &Path) -> Result<(Device, PckCertificates), SimulationError> {
    let (path, json) = kept::read_file(&kept::open(directory)?, STATE)?;
    of_json(&json).map_err(|source| SimulationError::Damaged { path, source })
}

fn to_json(device: &Device, certificates: &PckCertificates) -> Result<Zeroizing<Vec<u8>>, BuildError> {
    let has_secrets = matches!(device.cpu_svn, CpuSvn::Components(_));
    let pck = |(level, certificate): &(Tcb, Vec<u8>)| PckState {
        cpu_svn: hex::encode(level.cpu_svn),
        pce_svn: level.pce_svn,
        certificate: STANDARD.encode(certificate),
    };
    kept::write(&State {
        format: FORMAT,
        created: device.created.seconds(),
        ca: device.ca.word().to_owned(),
        device_keys: has_secrets.then(|| Secret::of(device.keys.to_bytes().as_slice())),
        platform_instance_id: hex::encode(device.platform_instance_id),
        cpu_svn: hex::encode(device.cpu_svn.bytes()),
        pce_svn: device.pce_svn,
        pck: certificates.pck.iter().map(pck).collect(),
        issuers: certificates.issuers.iter().map(|certificate| STANDARD.encode(certificate)).collect(),
    })
}

fn of_json(json: &[u8]) -> Result<(Device, PckCertificates), DamagedState> {
    let state: State = kept::read(json)?;
    let member = DamagedState::Member;
    let der = |text: &String, name| STANDARD.decode(text).map_err(|_| member(name));
    let cpu_svn = kept::bytes(&state.cpu_svn, "cpu_svn")?;
    let (keys, cpu_svn) = match &state.device_keys {
        Some(secret) => {
            let bytes = secret.bytes("device_keys")?;
            let bytes = <&[u8; DeviceKeys::SIZE]>::try_from(bytes.as_slice()).map_err(|_| member("device_keys"))?;
            (DeviceKeys::from_bytes(bytes), CpuSvn::Components(cpu_svn))
        }
        None => (DeviceKeys::sdk(), CpuSvn::of_sdk(&cpu_svn).ok_or(member("cpu_svn"))?),
    };
    let pck = |pck: &PckState| {
        let level = Tcb { cpu_svn: kept::bytes(&pck.cpu_svn, "pck")?, pce_svn: pck.pce_svn };
        Ok::<_, DamagedState>((level, der(&pck.certificate, "pck")?))
    };
    let issuers = state.issuers.iter().map(|text| der(text, "issuers")).collect::<Result<Vec<_>, _>>()?;
    let certificates = PckCertificates {
        pck: state.pck.iter().map(pck).collect::<Result<_, _>>()?,
        issuers: issuers.try_into().map_err(|_| member("issuers"))?,
    };
    let device = Device {
        created: UnixTime::from_seconds(state.created),
        ca: CaType::from_word(&state.ca).ok_or(member("ca"))?,
        keys,
        platform_instance_id: kept::bytes(&state.platform_instance_id, "platform_instance_id")?,
        cpu_svn,
        pce_svn: state.pce_svn,
    };
    Ok((device, certificates))
}
