//! Records as the service shows them and as they are kept in files.

use client::Client;
use serde_json::{Value, json};
use store::Record;

use crate::failure::Failure;

/// Gets the records of a replica in their order.
pub async fn of_replica(
    client: &Client,
    replica: &str,
    mut each: impl FnMut(Record) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut after: i64 = 0;
    loop {
        let path = format!("/audit/records/{replica}/{after}");
        let answer = client.get_json(&path).await?;
        let page = answer["value"].as_array().map(Vec::as_slice).unwrap_or_default();
        if page.is_empty() {
            return Ok(());
        }
        for shown in page {
            let record = read(shown).ok_or_else(|| client.not_understood(&path, "a record cannot be read"))?;
            // Whatever the service answers, it comes to an end.
            after = record.number.max(after.saturating_add(1));
            each(record)?;
        }
    }
}

/// A record as the service shows it.
pub fn read(shown: &Value) -> Option<Record> {
    let hash = |member: &str| {
        let mut hash = [0; 32];
        hex::decode_to_slice(shown[member].as_str()?, &mut hash).ok().map(|()| hash)
    };
    Some(Record {
        replica: shown["replica"].as_str()?.to_owned(),
        number: shown["number"].as_i64()?,
        previous: hash("previous")?,
        hash: hash("hash")?,
        text: shown["text"].as_str()?.to_owned(),
    })
}

/// The same, to be kept.
pub fn shown(record: &Record) -> Value {
    json!({
        "replica": record.replica,
        "number": record.number,
        "previous": hex::encode(record.previous),
        "hash": hex::encode(record.hash),
        "text": record.text,
    })
}
