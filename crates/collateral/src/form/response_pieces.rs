//! What responses of Intel's service and of caches hold: a piece in the body, the chain of its signer in a header.

use crate::form::encoding::certificates;
use crate::form::response::Response;
use crate::form::response_error::ResponseError;
use crate::form::single::piece;
use crate::piece::Form;
use crate::unrecognised::Unrecognised;

/// Headers that carry the chain of who signed the body, in URL-encoded PEM. Version 4 of the API renamed the first;
/// caches send either.
const ISSUER_CHAINS: [&str; 5] = [
    "TCB-Info-Issuer-Chain",
    "SGX-TCB-Info-Issuer-Chain",
    "SGX-Enclave-Identity-Issuer-Chain",
    "SGX-PCK-CRL-Issuer-Chain",
    "SGX-PCK-Certificate-Issuer-Chain",
];

/// The name that the piece in the body goes by.
const BODY: &str = "body";

impl Response<'_> {
    /// The piece in the body under the name `body`, and the certificates of each issuer chain under the header's name.
    ///
    /// # Errors
    /// Where the status is not 200, or the body or a chain cannot be read; the error names which.
    pub fn pieces(&self) -> Result<Vec<(String, Form)>, Unrecognised> {
        if self.status != 200 {
            return Err(ResponseError::Status(self.status).into());
        }
        let mut pieces = vec![(BODY.to_owned(), piece(self.body).map_err(|error| error.of_member(BODY))?)];
        for (name, value) in &self.headers {
            if let Some(header) = ISSUER_CHAINS.iter().find(|header| name.eq_ignore_ascii_case(header.as_bytes())) {
                let chain = issuer_chain(value).map_err(|error| error.of_member(*header))?;
                pieces.push(((*header).to_owned(), Form::Certificates(chain)));
            }
        }
        Ok(pieces)
    }
}

fn issuer_chain(value: &[u8]) -> Result<Vec<dcap::Certificate>, Unrecognised> {
    certificates(&percent_decoded(value)?)
}

/// `+` stays what it is: it is base64 here, and no space of a form.
fn percent_decoded(value: &[u8]) -> Result<Vec<u8>, ResponseError> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>().ok_or(ResponseError::PercentEscape)?;
        let mut escaped = [0];
        hex::decode_to_slice(digits, &mut escaped).map_err(|_| ResponseError::PercentEscape)?;
        decoded.extend(escaped);
        rest = after;
    }
    Ok(decoded)
}
