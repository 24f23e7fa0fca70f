//! `veritee inspect`: says what a file is and shows its fields, without judging.

use std::path::PathBuf;

use ::collateral::{Container, Contents, Form, Unrecognised};
use abi::quote::{Header, tee_type};
use abi::sgx::ReportBody;
use dcap::{Certificate, CertificationData, Crl, EnclaveIdentity, Quote, QuoteError, SgxExtension, TcbInfo, pem};
use evidence::{EvidenceFile, FileKind, Format, decode_text};
use problem::Problem;
use serde_json::{Map, Value, json};
use zerocopy::FromBytes;

use crate::failure::{self, Failure};
use crate::{report, show};

/// Say what a file is and show its fields, without judging it.
///
/// Knows quotes and Open Enclave reports, TCB Info, QE identity, CRLs, certificates with Intel's SGX extension, tokens,
/// key sets, and EPID quotes. SEV-SNP, TPM, VBS and HCL reports are recognised, and not read.
#[derive(clap::Args)]
pub struct Arguments {
    /// The file; `-` reads standard input.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

const MAX_FILE: u64 = 4 << 20;
const NOTE: &str = "nothing here is verified";

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let contents = failure::read_file(&arguments.file, MAX_FILE)?;
    let mut description = describe(&contents)?;
    description["note"] = json!(NOTE);
    if arguments.json {
        return show::json(&description);
    }
    show::line(&format!("this is: {}", description["is"].take().as_str().unwrap_or_default()))?;
    show::line("")?;
    show::fields(&description, 0)
}

/// What the bytes are, as a JSON object whose member `is` names it.
fn describe(contents: &[u8]) -> Result<Value, Failure> {
    if contents.is_empty() {
        return Err(unknown("the file is empty"));
    }
    match evidence::recognise(contents) {
        Some(FileKind::Token) => token(contents).ok_or_else(|| unknown("its token cannot be read")),
        Some(FileKind::KeySet) => key_set(contents).ok_or_else(|| unknown("its keys cannot be read")),
        Some(FileKind::Evidence(_)) => describe_evidence(contents),
        _ => describe_collateral_file(contents),
    }
}

fn describe_collateral_file(contents: &[u8]) -> Result<Value, Failure> {
    match ::collateral::sniff(contents) {
        Ok(Contents::Piece(form)) => Ok(describe_collateral(&form)),
        Ok(Contents::Several(container, pieces)) => Ok(describe_several(container, &pieces)),
        Err(Unrecognised::Unknown | Unrecognised::TooLong | Unrecognised::Certificate(_)) => {
            Err(unknown("it is nothing that veritee knows"))
        }
        // Something that it resembles, and damaged: the reason helps more than "unknown".
        Err(damaged) => Err(unknown(&failure::chain(&damaged))),
    }
}

fn unknown(reason: &str) -> Failure {
    Failure::verdict(
        "file_unknown",
        format!("file is not recognised: {reason}"),
        "known are quotes, Open Enclave reports, collateral, certificates, tokens and key sets",
    )
}

fn describe_evidence(contents: &[u8]) -> Result<Value, Failure> {
    let file = EvidenceFile::read(contents).map_err(|error| Failure::of_verdict(&error))?;
    let framing = match file.format() {
        Format::OpenEnclaveReport => "Open Enclave report with ",
        Format::Quote(_) | Format::EpidQuote => "",
        other => return Ok(json!({"is": other.to_string(), "bytes": file.bytes().len()})),
    };
    let bytes = file.quote().map_err(|error| Failure::of_verdict(&error))?;
    match Quote::parse(bytes) {
        Ok(quote) => Ok(describe_quote(&quote, framing)),
        Err(QuoteError::Epid) => Ok(describe_epid(bytes)),
        Err(error) => match known_quote_header(bytes) {
            // Recognisably a quote that this version does not read whole.
            Some(header) => Ok(json!({
                "is": format!("{framing}quote that cannot be read: {error}"),
                "header": describe_header(header),
                "help": error.help(),
            })),
            None => Err(unknown(&error.to_string())),
        },
    }
}

fn known_quote_header(bytes: &[u8]) -> Option<&Header> {
    let (header, _) = Header::ref_from_prefix(bytes).ok()?;
    (header.qe_vendor_id == abi::quote::INTEL_QE_VENDOR_ID).then_some(header)
}

fn describe_quote(quote: &Quote<'_>, framing: &str) -> Value {
    json!({
        "is": format!("{framing}{} quote, version {}", quote.tee(), quote.version()),
        "header": describe_header(quote.header()),
        "body": report::describe_claimed(quote.report()),
        "qeReport": report::describe_enclave(quote.qe_report()),
        "certification": describe_certification(&quote.certification()),
        "paddingBytes": quote.padding(),
    })
}

fn describe_header(header: &Header) -> Value {
    let tee = match header.tee_type.get() {
        tee_type::SGX => "SGX".to_owned(),
        tee_type::TDX => "TDX".to_owned(),
        other => format!("{other:#x}"),
    };
    let (qe_id, _) = header.user_data.split_at(16);
    json!({
        "version": header.version.get(),
        "attestationKeyType": header.attestation_key_type.get(),
        "tee": tee,
        "qeSvn": header.qe_svn.get(),
        "pceSvn": header.pce_svn.get(),
        "qeVendorId": hex::encode(header.qe_vendor_id),
        "qeId": hex::encode(qe_id),
    })
}

fn describe_certification(certification: &CertificationData<'_>) -> Value {
    match certification {
        CertificationData::PlatformIdentity(kind, data) => {
            json!({"type": kind, "platformIdentityBytes": data.len(), "pckChain": "not in the quote"})
        }
        CertificationData::PckCertificate(pem) => json!({"type": 4, "certificates": describe_pem(pem)}),
        CertificationData::PckChain(pem) => json!({"type": 5, "certificates": describe_pem(pem)}),
    }
}

fn describe_pem(text: &[u8]) -> Value {
    match pem::blocks(text, "CERTIFICATE") {
        Ok(blocks) => blocks
            .iter()
            .map(|der| match Certificate::from_der(der) {
                Ok(certificate) => describe_certificate(&certificate),
                Err(error) => json!({"unreadable": failure::chain(&error)}),
            })
            .collect(),
        Err(error) => json!({"unreadable": error.to_string()}),
    }
}

/// An EPID quote: 48 bytes of header, the enclave's report, a signature that only Intel's service could check.
fn describe_epid(bytes: &[u8]) -> Value {
    let number = |at: usize| bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|two| u16::from_le_bytes(*two));
    let report = bytes.get(48..).and_then(|rest| ReportBody::ref_from_prefix(rest).ok());
    json!({
        "is": "EPID quote",
        "why it can no longer be verified": QuoteError::Epid.help(),
        "version": number(0),
        "linkable": number(2).map(|kind| kind == 1),
        "epidGroupId": bytes.get(4..8).map(hex::encode),
        "qeSvn": number(8),
        "pceSvn": number(10),
        "sgxEnclaveReport": report.map(|(report, _)| report::describe_enclave(report)),
    })
}

fn describe_collateral(form: &Form) -> Value {
    match form {
        Form::TcbInfo(document) => describe_tcb_info(document.content()),
        Form::Identity(document) => describe_identity(document.content()),
        Form::Crl(crl) => describe_crl(crl),
        Form::Certificates(certificates) => match certificates.as_slice() {
            [one] => {
                let mut description = describe_certificate(one);
                let what = if one.sgx_extension().is_some() { "PCK certificate" } else { "certificate" };
                description["is"] = json!(what);
                description
            }
            all => json!({
                "is": format!("chain of {} certificates", all.len()),
                "certificates": all.iter().map(describe_certificate).collect::<Value>(),
            }),
        },
    }
}

fn describe_several(container: Container, pieces: &[(String, Form)]) -> Value {
    let what = match container {
        Container::Qvl => "collateral for one platform family, in dcap-qvl's JSON",
        Container::Reference => "collateral for one platform family, in JSON of Intel's reference structure",
        Container::Response => "HTTP response with collateral",
        Container::Bundle => "collateral bundle",
    };
    let describe = |(member, form): &(String, Form)| {
        let mut description = describe_collateral(form);
        description["member"] = json!(member);
        description
    };
    json!({"is": what, "pieces": pieces.iter().map(describe).collect::<Value>()})
}

fn describe_certificate(certificate: &Certificate) -> Value {
    let mut description = json!({
        "subject": certificate.subject_text(),
        "issuer": certificate.issuer_text(),
        "serial": hex::encode(certificate.serial()),
        "notBefore": certificate.validity().from,
        "notAfter": certificate.validity().until,
        "publicKey": hex::encode(certificate.public_key()),
    });
    if let Some(extension) = certificate.sgx_extension() {
        description["sgxExtension"] = match SgxExtension::from_der(extension) {
            Ok(extension) => extension
                .describe()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .collect::<Map<_, _>>()
                .into(),
            Err(error) => json!({"unreadable": failure::chain(&error)}),
        };
    }
    description
}

fn describe_tcb_info(info: &TcbInfo) -> Value {
    let levels: Value = info
        .levels
        .iter()
        .map(|level| {
            json!({
                "status": level.status,
                "date": level.date,
                "sgxComponents": format!("{:?}", level.sgx_components),
                "tdxComponents": level.tdx_components.map(|all| format!("{all:?}")),
                "pceSvn": level.pce_svn,
                "advisoryIds": level.advisory_ids,
            })
        })
        .collect();
    json!({
        "is": format!("TCB Info for {}, version {}", info.tee, info.version),
        "fmspc": info.fmspc_text(),
        "pceId": hex::encode(info.pce_id),
        "issueDate": info.validity.from,
        "nextUpdate": info.validity.until,
        "evaluationDataNumber": info.evaluation_data_number,
        "levels": levels,
    })
}

fn describe_identity(identity: &EnclaveIdentity) -> Value {
    let level = |level: &dcap::IsvLevel| json!({"isvSvn": level.isv_svn, "status": level.status, "date": level.date, "advisoryIds": level.advisory_ids});
    json!({
        "is": format!("identity of the enclave {}", identity.id),
        "mrSigner": hex::encode(identity.mr_signer),
        "isvProdId": identity.isv_prod_id,
        "issueDate": identity.validity.from,
        "nextUpdate": identity.validity.until,
        "evaluationDataNumber": identity.evaluation_data_number,
        "levels": identity.levels.iter().map(level).collect::<Value>(),
    })
}

fn describe_crl(crl: &Crl) -> Value {
    json!({
        "is": "certificate revocation list",
        "issuer": crl.issuer_text(),
        "number": hex::encode(crl.number()),
        "thisUpdate": crl.validity().from,
        "nextUpdate": crl.validity().until,
        "revokedCertificates": crl.len(),
    })
}

/// A token: three base64url parts, the first two JSON.
fn token(contents: &[u8]) -> Option<Value> {
    let text = str::from_utf8(contents).ok()?.trim();
    // As the service answers it, or bare.
    let answer: Option<Value> = serde_json::from_str(text).ok();
    let text = answer.as_ref().and_then(|answer| answer.get("token")).and_then(Value::as_str).unwrap_or(text);
    let mut parts = text.split('.');
    let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let part = |part: &str| serde_json::from_slice::<Value>(&decode_text(part.as_bytes())?).ok();
    let header = part(header)?;
    header.get("alg")?;
    let payload = if payload.is_empty() { Value::Null } else { part(payload)? };
    let is = if header["alg"] == "none" { "unsecured token (JWS without signature)" } else { "token (JWS)" };
    Some(json!({"is": is, "header": header, "claims": payload}))
}

fn key_set(contents: &[u8]) -> Option<Value> {
    let set: Value = serde_json::from_slice(contents).ok()?;
    let keys = set.get("keys")?.as_array()?;
    let describe = |key: &Value| {
        let certificates = key["x5c"].as_array().map_or(0, Vec::len);
        json!({"kid": key["kid"], "kty": key["kty"], "alg": key["alg"], "certificates": certificates})
    };
    Some(json!({"is": "JSON Web Key Set", "keys": keys.iter().map(describe).collect::<Value>()}))
}
