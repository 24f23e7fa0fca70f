//! Rows to keep.

use store::{
    AccessKey, Client, Entry, NewProvider, PolicyChange, PolicySigner, Provider, RevokedBy, RevokedToken,
    SignedRequest, SigningKey, WithdrawnKey,
};
use unix_time::UnixTime;

pub fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

pub fn entry() -> Entry {
    Entry { replica: "replica".to_owned(), text: "{}".to_owned() }
}

pub fn provider(name: &str) -> NewProvider {
    NewProvider {
        provider: Provider {
            name: name.to_owned(),
            root_pem: Some("pem".to_owned()),
            trust_model: "Isolated".to_owned(),
            location: "local".to_owned(),
            is_location_default: false,
            settings: "{}".to_owned(),
            created_at: at(7),
            created_by: "somebody".to_owned(),
            revision: 0,
            revocations: 0,
        },
        key: key(&format!("key of {name}"), name, 1),
        signers: vec![signer(name, 1)],
    }
}

pub fn key(kid: &str, provider: &str, created_at: i64) -> SigningKey {
    SigningKey {
        kid: kid.to_owned(),
        provider: provider.to_owned(),
        issuer: "https://localhost:8443".to_owned(),
        sealed: vec![1, 2, 3],
        certificate: vec![4],
        created_at: at(created_at),
        signs_from: at(created_at),
    }
}

pub fn signer(provider: &str, number: u8) -> PolicySigner {
    PolicySigner {
        provider: provider.to_owned(),
        sha256: [number; 32],
        certificate: vec![number],
        added_at: at(i64::from(number)),
        added_by: "somebody".to_owned(),
    }
}

pub fn change(number: i64, text: Option<&str>) -> PolicyChange {
    PolicyChange {
        provider: "one".to_owned(),
        attestation_type: "SgxEnclave".to_owned(),
        number,
        jws: Some(format!("a.{number}.")),
        text: text.map(str::to_owned),
        audience: text.map(|_| "https://localhost:8443".to_owned()),
        restores: (number == 3).then_some(1),
        changed_at: at(3),
        changed_by: "somebody".to_owned(),
    }
}

/// A request to add or remove a certificate, of the signer of number 1, told from others by its number.
pub fn request(number: u64) -> SignedRequest {
    let mut signing_input = [0; 32];
    signing_input[..8].copy_from_slice(&number.to_be_bytes());
    SignedRequest {
        purpose: "certificates".to_owned(),
        signing_input,
        action: "add".to_owned(),
        signer: [1; 32],
        used_at: at(5),
        limit: i64::MAX,
    }
}

pub fn revoked(jti: &str, expires_at: i64) -> RevokedToken {
    RevokedToken {
        provider: "one".to_owned(),
        jti: jti.to_owned(),
        expires_at: at(expires_at),
        by: RevokedBy::Contributor,
    }
}

pub fn withdrawn(kid: &str, listed_until: i64) -> WithdrawnKey {
    WithdrawnKey {
        provider: "one".to_owned(),
        kid: kid.to_owned(),
        withdrawn_at: at(1),
        listed_until: at(listed_until),
    }
}

pub fn client(id: &str, name: &str, provider: Option<&str>) -> Client {
    Client {
        id: id.to_owned(),
        name: name.to_owned(),
        secret_sha256: [9; 32],
        role: "reader".to_owned(),
        provider: provider.map(str::to_owned),
        expires_at: at(11),
        created_at: at(10),
        created_by: "administrator".to_owned(),
    }
}

pub fn access_key(kid: &str) -> AccessKey {
    AccessKey { kid: kid.to_owned(), sealed: vec![1, 2, 3], created_at: at(1) }
}
