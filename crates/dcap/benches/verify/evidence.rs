//! Evidence as bytes: quotes, the collateral for them, the root they lead to, and when they are judged.

use dcap::{Certificate, Collateral, Crl, SignedDocument, TrustedRoots, pem};
use unix_time::UnixTime;

/// Quotes of one kind with what they are judged by.
pub struct Evidence {
    pub name: String,
    /// All quotes of the first host, then all of the second, and so on.
    pub quotes: Vec<Vec<u8>>,
    pub hosts: usize,
    pub pieces: Pieces,
    /// The root certificate, DER.
    pub root: Vec<u8>,
    pub at: UnixTime,
}

impl Evidence {
    pub fn roots(&self) -> TrustedRoots {
        TrustedRoots::only(&Certificate::from_der(&self.root).unwrap())
    }
}

/// Collateral as it is handed out: chains in PEM, documents as text with their signatures, lists in DER.
#[derive(Clone)]
pub struct Pieces {
    pub tcb_info: String,
    pub tcb_info_signature: String,
    pub tcb_info_chain: String,
    pub qe_identity: String,
    pub qe_identity_signature: String,
    pub qe_identity_chain: String,
    pub root_crl: Vec<u8>,
    pub pck_crl: Vec<u8>,
    pub pck_crl_chain: String,
}

impl Pieces {
    pub fn of(made: &simulator::Collateral) -> Self {
        let (tcb_info, tcb_info_signature) = apart(&made.tcb_info, "tcbInfo");
        let (qe_identity, qe_identity_signature) = apart(&made.qe_identity, "enclaveIdentity");
        Self {
            tcb_info,
            tcb_info_signature,
            tcb_info_chain: made.tcb_info_chain_pem.clone(),
            qe_identity,
            qe_identity_signature,
            qe_identity_chain: made.qe_identity_chain_pem.clone(),
            root_crl: made.root_crl.clone(),
            pck_crl: made.pck_crl.clone(),
            pck_crl_chain: made.pck_crl_chain_pem.clone(),
        }
    }

    /// Reads every piece, as each cold verification has to.
    pub fn read(&self) -> Collateral {
        // A certificate is read once, however many chains it stands in, as whoever loads collateral would.
        let mut known: Vec<Certificate> = Vec::new();
        let mut chain = |text: &str| certificates(text, &mut known);
        Collateral {
            tcb_info: SignedDocument::new(self.tcb_info.clone().into_bytes(), &self.tcb_info_signature).unwrap(),
            tcb_info_chain: chain(&self.tcb_info_chain),
            qe_identity: SignedDocument::new(self.qe_identity.clone().into_bytes(), &self.qe_identity_signature)
                .unwrap(),
            qe_identity_chain: chain(&self.qe_identity_chain),
            root_crl: Crl::from_der(&self.root_crl).unwrap(),
            pck_crl: Crl::from_der(&self.pck_crl).unwrap(),
            pck_crl_chain: chain(&self.pck_crl_chain),
        }
    }
}

fn certificates(text: &str, known: &mut Vec<Certificate>) -> Vec<Certificate> {
    let read = |der: &Vec<u8>| {
        if let Some(certificate) = known.iter().find(|certificate| certificate.der() == der) {
            return certificate.clone();
        }
        known.push(Certificate::from_der(der).unwrap());
        known[known.len() - 1].clone()
    };
    pem::blocks(text.as_bytes(), "CERTIFICATE").unwrap().iter().map(read).collect()
}

fn apart(document: &[u8], member: &str) -> (String, String) {
    let members: std::collections::BTreeMap<String, Box<serde_json::value::RawValue>> =
        serde_json::from_slice(document).unwrap();
    (members[member].get().to_owned(), serde_json::from_str(members["signature"].get()).unwrap())
}
