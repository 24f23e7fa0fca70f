//! Intel's signed JSON: an object and the signature over its exact bytes, side by side in a wrapper.

use crate::build_error::BuildError;

/// `{"<member>":<body>,"signature":"<hex of raw r then s>"}`, the body untouched.
pub(crate) fn wrap(member: &str, body: &[u8], signature: &[u8; 64]) -> Result<Vec<u8>, BuildError> {
    let name = serde_json::to_vec(member)?;
    let signature = hex::encode(signature);
    Ok([b"{", &name[..], b":", body, b",\"signature\":\"", signature.as_bytes(), b"\"}"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_stands_in_the_wrapper_byte_for_byte() {
        let wrapped = wrap("tcbInfo", b"{ \"a\" :1}", &[0xab; 64]).unwrap();
        let expected = format!("{{\"tcbInfo\":{{ \"a\" :1}},\"signature\":\"{}\"}}", "ab".repeat(64));
        assert_eq!(String::from_utf8(wrapped).unwrap(), expected);
    }
}
