//! Writes what the targets begin with into `corpus/`: made by the simulator, different in every run, never committed.

use std::{fs, io, path::Path};

use abi::sgx::AttestationKeyIdExt;
use aesm::frame;
use aesm::message::{
    GetQuoteExRequest, GetQuoteExResponse, GetQuoteRequest, GetSupportedAttKeyIdsRequest, InitQuoteExRequest, Kind, Request,
    Response, SelectAttKeyIdRequest,
};
use attestation::policy_jws;
use dcap::{Certificate, EnclaveIdentity, SignedDocument, TcbInfo};
use veritee_fuzz::Machine;
use zerocopy::IntoBytes;

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut count = 0;
    let mut write = |target: &str, bytes: &[u8]| {
        fs::create_dir_all(corpus.join(target))?;
        count += 1;
        fs::write(corpus.join(target).join(format!("seed-{count}")), bytes)
    };
    for machine in Machine::all() {
        for quote in &machine.quotes {
            write("quote", quote)?;
        }
        for (name, bytes) in machine.pieces() {
            write("collateral_form", &bytes)?;
            write("collateral_form", hex(&bytes).as_bytes())?;
            match Path::new(name).extension().and_then(|extension| extension.to_str()) {
                Some("json") => {
                    write("collateral_json", &bytes)?;
                    write("strict_json", &bytes)?;
                    if name.starts_with("tcb") {
                        write("collateral_json", SignedDocument::<TcbInfo>::from_wrapper(&bytes).unwrap().body())?;
                    } else {
                        write("collateral_json", SignedDocument::<EnclaveIdentity>::from_wrapper(&bytes).unwrap().body())?;
                    }
                }
                Some("crl") => write("crl", &bytes)?,
                _ => write("sgx_extension", &bytes)?,
            }
        }
        write("collateral_form", &machine.set().to_bundle().unwrap())?;
        write("collateral_form", response(&machine.collateral).as_bytes())?;
        let pck = Certificate::from_der(&machine.pck).unwrap();
        write("sgx_extension", pck.der())?;
        write("sgx_extension", pck.sgx_extension().unwrap())?;
    }
    write("enclave_image", &program())?;
    write("enclave_image", veritee_fuzz::MANIFEST.as_bytes())?;
    for which in 0..7 {
        write("verify", &[which])?;
        write("verify", &[which, 0x30, 0, 0, 1, 0xff, 0x0f, 1, b'\n'])?;
    }
    for text in POLICIES {
        write("policy", text.as_bytes())?;
        write("policy_jws", policy_jws::unsecured(text).as_bytes())?;
    }
    write("policy_jws", policy_jws::unsecured_reset().as_bytes())?;
    for (kind, body) in QGS_ANSWERS {
        let size = u32::try_from(16 + body.len()).unwrap();
        let words = [1_u32 << 16 | 1, kind, size, 0].map(u32::to_le_bytes);
        write("qgs_message", &[words.concat().as_slice(), body].concat())?;
    }
    write("hcl_report", &hcl_report(2, 80))?;
    write("hcl_report", &hcl_report(4, 128))?;
    let signer = rcgen::generate_simple_self_signed(["signer.example".to_owned()]).map_err(io::Error::other)?;
    let (key, certificate) = (signer.signing_key.serialize_pem(), signer.cert.pem());
    let key =
        policy_jws::PolicySigningKey::from_pem(key.as_bytes(), certificate.as_bytes()).map_err(io::Error::other)?;
    for text in [Some(POLICIES[0]), None] {
        write("policy_jws", key.sign(text, None, None).map_err(io::Error::other)?.as_bytes())?;
    }
    for request in requests() {
        let framed = frame::encode(&request);
        write("aesm_message", &framed)?;
        write("aesm_message", &framed[4..])?;
    }
    for kind in Kind::ALL {
        write("aesm_message", &frame::encode(&Response::bare(kind, 30)))?;
    }
    let quote = GetQuoteExResponse { error_code: Some(0), quote: Some(vec![3; 500]), qe_report_info: Some(vec![1; 960]) };
    write("aesm_message", &frame::encode(&Response { get_quote_ex: Some(quote), ..Response::default() }))
}

/// Requests of the quote daemon's protocol.
fn requests() -> [Request; 5] {
    let key = Some(AttestationKeyIdExt::dcap().as_bytes().to_vec());
    let init = InitQuoteExRequest { att_key_id: key.clone(), b_pub_key_id: Some(true), buf_size: Some(32), timeout: Some(1) };
    let quote = GetQuoteExRequest {
        report: Some(vec![2; 432]),
        att_key_id: key.clone(),
        qe_report_info: Some(vec![1; 960]),
        buf_size: Some(8192),
        timeout: None,
    };
    let list = [&[0, 0, 0, 0, 1, 0, 0, 0][..], AttestationKeyIdExt::dcap().as_bytes()].concat();
    let select = SelectAttKeyIdRequest { att_key_id_list: Some(list), timeout: Some(1) };
    let epid = GetQuoteRequest {
        report: Some(vec![2; 432]),
        quote_type: Some(1),
        spid: Some(vec![1; 16]),
        buf_size: Some(2048),
        qe_report: Some(false),
        ..Default::default()
    };
    let keys = GetSupportedAttKeyIdsRequest { buf_size: Some(256), timeout: None };
    [
        Request { init_quote_ex: Some(init), hops: vec![vec![7; 16]], ..Default::default() },
        Request { get_quote_ex: Some(quote), ..Default::default() },
        Request { select_att_key_id: Some(select), ..Default::default() },
        Request { get_quote: Some(epid), ..Default::default() },
        Request { get_supported_att_key_ids: Some(keys), ..Default::default() },
    ]
}

/// A static executable: its headers, a segment that holds them and is run, and one with zeros behind it.
fn program() -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([2_u16, 62, 1, 0].map(u16::to_le_bytes).concat());
    file.extend([0x40_0100_u64, 64, 0].map(u64::to_le_bytes).concat());
    file.extend([0_u16, 0, 64, 56, 3, 0, 0, 0].map(u16::to_le_bytes).concat());
    for (kind, flags, fields) in [
        (1_u32, 5_u32, [0_u64, 0x40_0000, 0, 0x200, 0x200, 0x1000]),
        (1, 6, [0x1f0, 0x40_11f0, 0, 0x10, 0x1000, 0x1000]),
        (0x6474_e551, 6, [0; 6]),
    ] {
        file.extend([kind, flags].map(u32::to_le_bytes).concat());
        file.extend(fields.map(u64::to_le_bytes).concat());
    }
    file.resize(0x200, 0x90);
    file
}

/// TCB Info as `curl -i` saves it.
fn response(collateral: &simulator::Collateral) -> String {
    let chain = collateral.tcb_info_chain_pem.replace('\n', "%0A").replace(' ', "%20");
    let body = String::from_utf8(collateral.tcb_info.clone()).unwrap();
    format!("HTTP/1.1 200 OK\r\nTCB-Info-Issuer-Chain: {chain}\r\n\r\n{body}")
}

/// Bodies of the quote service's answers by their type: a quote, collateral, what makes the quotes.
const QGS_ANSWERS: [(u32, &[u8]); 3] = [
    (1, b"\x01\0\0\0\x02\0\0\0iqq"),
    (3, b"\x03\0\x01\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\01234567"),
    (5, b"\x05\0\x0d\0\x01\0\0\0\x01\0\0\0pc"),
];

/// An HCL report without variable data, whose hash is well known, by the type of its hardware report and where that has its
/// report data.
fn hcl_report(report_type: u32, report_data: usize) -> Vec<u8> {
    const SHA_256_OF_NOTHING: [u8; 32] = [
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
        0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ];
    let mut bytes = b"HCLA".to_vec();
    bytes.resize(32 + 1184, 0);
    bytes[32 + report_data..][..32].copy_from_slice(&SHA_256_OF_NOTHING);
    bytes.extend([20, 1, report_type, 1, 0].map(u32::to_le_bytes).concat());
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const POLICIES: [&str; 7] = [
    "version=1.0; authorizationrules { => permit(); }; issuancerules { };",
    "version=1.1; configurationrules { => issueproperty(type=\"required_pcr_mask\", value=15); };\
     authorizationrules { [type==\"a\", value>=2] && ![type==\"b\", value==false] => permit(); };\
     issuancerules { c:[type==\"a\"] => issue(claim=c); };",
    "version=1.0; authorizationrules { exists([type==\"a\"]) => deny(); }; issuancerules { };",
    "version=1.0; authorizationrules { => permit(); };\
     issuancerules { x:[type==\"type\", issuer==\"AttestationService\"] => add(type=\"t\", value=x.value); };",
    "version=1.2; // functions\nauthorizationrules { ![type==\"b\", value==false] => permit(); };\
     issuancerules { c:[type==\"events\"] => issue(type=\"e\", value=JsonToClaimValue(JmesPath(c.value, \
     \"Events[?PcrIndex == `7`].ProcessedData.x[] | [0:2:1] | {a: @[0], b: [*].to_string(@)} | *\")));\
     c:[type==\"a\"] => issue(type=AppendString(\"x\", \"y\"), value=ContainsOnlyValue(c.value, 1)); };",
    "version=1.2;authorizationrules{c:[type==\"a\"]&&![type==\"a\",value<c.value]&&d:[value==NegateBool(IsSubsetOf(c.value,\
     JsonToClaimValue(\"[1,2]\")))]=>permit();=>add(type=\"q\",value=JmesPath(\"{\\\"k\\\":[1,2.5,\\\"s\\\"]}\",\
     \"sort_by(k, &to_string(@)) | max_by(@, &length(to_string(@))) || not_null(a.b, 'raw', `1`)\"));};",
    "version=1.2;issuancerules{q:[type==\"type\"]=>issue(type=\"r\",value=JmesPath(\"[[1],[2]]\",q.value));\
     =>issueproperty(type=\"p\",value=AppendString(\"a\",\"b\"),valueType=\"String\");};",
];
