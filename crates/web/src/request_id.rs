//! Ids of requests.

/// The id of a request: version, trace, span and flags, as in the `traceparent` of W3C Trace Context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// Makes a random id.
    pub fn random() -> Self {
        let mut bytes = [0; 24];
        // Ids name log lines and protect nothing; without randomness they are all the same.
        let _ = aws_lc_rs::rand::fill(&mut bytes);
        let (trace, span) = bytes.split_at(16);
        Self(format!("00-{}-{}-00", hex::encode(trace), hex::encode(span)))
    }

    /// The id as text, for the log and for a header of the answer.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_four_parts_and_differ() {
        let (one, other) = (RequestId::random(), RequestId::random());
        assert_eq!(one.as_str().split('-').map(str::len).collect::<Vec<_>>(), [2, 32, 16, 2]);
        assert_ne!(one, other);
    }
}
