//! PCK certificates, and the registration of platforms.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, Request, escape, pem};
use super::{Fault, Pcs, State, manifest};
use crate::machine::{PCE_ID, Tcb};
use crate::platform::Platform;
use crate::time::DAY;

impl Pcs<'_> {
    /// `pckcert`: the certificate for the highest level that a machine of that TCB has reached.
    pub(super) fn pck_cert(&self, request: &Request<'_>) -> Result<Answer, Fault> {
        let request = &with_posted(request)?;
        let pce_svn = u16::from_le_bytes(request.bytes("pcesvn")?);
        let raw = Tcb { cpu_svn: request.bytes("cpusvn")?, pce_svn };
        let platform = self.platform(request)?;
        let level = raw.certified().ok_or(Refusal::NotFound)?;
        let certificate = self.certificate(&platform, level)?;
        let answer = Answer::pem(pem([certificate.as_slice()])).with("SGX-TCBm", tcbm(level));
        Ok(self.about(&platform, answer))
    }

    /// `pckcerts` and `pckcerts/config`: the certificates for all levels.
    pub(super) fn pck_certs(&self, request: &Request<'_>) -> Result<Answer, Fault> {
        let posted = &with_posted(request)?;
        if request.path.ends_with("/config") {
            posted.bytes::<16>("cpusvn")?;
        }
        let platform = self.platform(posted)?;
        let mut all = Vec::new();
        for level in Tcb::CERTIFIED {
            let certificate = pem([self.certificate(&platform, level)?.as_slice()]);
            all.push(json!({"tcb": components(level), "tcbm": tcbm(level), "cert": escape(&certificate)}));
        }
        Ok(self.about(&platform, Answer::json(Value::Array(all).to_string())))
    }

    /// `platform`, and `package`, which no machine here has two of.
    pub(super) fn register(&self, request: &Request<'_>) -> Result<Answer, Fault> {
        match request.path.trim_start_matches("/sgx/registration/v1/") {
            "platform" => {}
            "package" if !request.has_subscription_key => return Err(Refusal::Unauthorized.into()),
            "package" => return Err(Refusal::PackageNotFound.into()),
            _ => return Err(Refusal::NotFound.into()),
        }
        let encrypted = manifest::encrypted_ppid(request.body).ok_or(Refusal::Manifest)?;
        let platform = self.of_encrypted(encrypted)?.ok_or(Refusal::PackageNotFound)?;
        let is_revoked = |level| self.simulation.intel().is_revoked(platform.ca(), &platform.pck_serial(level));
        if Tcb::CERTIFIED.into_iter().any(is_revoked) {
            return Err(Refusal::Revoked.into());
        }
        Ok(Answer::new(201, "text/plain", hex::encode(platform.ppid())))
    }

    /// The platform that a request is about: by its encrypted PPID, or by its manifest.
    fn platform(&self, request: &Request<'_>) -> Result<Platform, Fault> {
        if request.bytes::<2>("pceid")? != PCE_ID {
            return Err(Refusal::NotFound.into());
        }
        let encrypted = match request.parameter("platformManifest")? {
            Some(hex) => {
                let manifest = hex::decode(hex).map_err(|_| Refusal::Syntax)?;
                manifest::encrypted_ppid(&manifest).ok_or(Refusal::Manifest)?.to_vec()
            }
            None => request.bytes::<384>("encrypted_ppid")?.to_vec(),
        };
        Ok(self.of_encrypted(&encrypted)?.ok_or(Refusal::NotFound)?)
    }

    fn of_encrypted(&self, encrypted: &[u8]) -> Result<Option<Platform>, Fault> {
        let Some(ppid) = self.simulation.intel().ppid_key().and_then(|key| key.decrypt(encrypted)) else {
            return Ok(None);
        };
        for name in self.simulation.platforms()? {
            let platform = self.simulation.platform(&name)?;
            if platform.ppid() == ppid {
                return Ok(Some(platform));
            }
        }
        Ok(None)
    }

    /// The certificate that the platform has too; another where it is to be a wrong one.
    fn certificate(&self, platform: &Platform, level: Tcb) -> Result<Vec<u8>, Fault> {
        if !matches!(self.state, Some(State::Expired | State::NotYetValid)) {
            let known = platform.certificates().pck.iter().find(|(known, _)| *known == level);
            return Ok(known.map(|(_, certificate)| certificate.clone()).ok_or(Refusal::NotFound)?);
        }
        let mut signed = self.simulation.intel().pck(platform.device(), level, platform.created())?;
        match self.state {
            Some(State::Expired) => {
                signed.spec.not_after = self.at.plus(DAY.saturating_neg());
                signed.spec.not_before = signed.spec.not_before.min(signed.spec.not_after.plus(DAY.saturating_neg()));
            }
            _ => signed.spec.not_before = self.at.plus(DAY),
        }
        Ok(signed.build()?)
    }

    fn about(&self, platform: &Platform, answer: Answer) -> Answer {
        answer
            .with("SGX-FMSPC", hex::encode_upper(platform.fmspc()))
            .with("SGX-PCK-Certificate-CA-Type", platform.ca().word())
            .with_chain("SGX-PCK-Certificate-Issuer-Chain", &self.ca_chain(platform.ca()))
    }
}

/// The request with the members of the JSON object that was posted as its parameters.
fn with_posted<'a>(request: &Request<'a>) -> Result<Request<'a>, Refusal> {
    let mut request = request.clone();
    if request.method == "POST" {
        let posted: Map<String, Value> = serde_json::from_slice(request.body).map_err(|_| Refusal::Syntax)?;
        for (name, value) in posted {
            request.query.push((name, value.as_str().ok_or(Refusal::Syntax)?.to_owned()));
        }
    }
    Ok(request)
}

/// A level as headers name it: CPUSVN, then PCESVN little-endian.
fn tcbm(level: Tcb) -> String {
    hex::encode([&level.cpu_svn[..], &level.pce_svn.to_le_bytes()].concat())
}

/// A level as lists spell it out.
fn components(level: Tcb) -> Value {
    let component =
        |(number, svn): (usize, u8)| (format!("sgxtcbcomp{:02}svn", number.saturating_add(1)), Value::from(svn));
    let mut members: Map<String, Value> = level.cpu_svn.into_iter().enumerate().map(component).collect();
    members.insert("pcesvn".to_owned(), level.pce_svn.into());
    Value::Object(members)
}
