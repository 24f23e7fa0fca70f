//! The bearer token of a request.

use axum::http::{HeaderMap, header};

/// The one bearer token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn a_request_has_one_bearer_token() {
        for right in ["Bearer secret", "bearer secret", "BEARER  secret "] {
            assert_eq!(found(&[right]).as_deref(), Some("secret"), "{right}");
        }
        for wrong in ["Bearer", "Bearer ", "Basic secret", "secret"] {
            assert_eq!(found(&[wrong]), None, "{wrong}");
        }
        assert_eq!(found(&[]), None);
        assert_eq!(found(&["Bearer secret", "Bearer secret"]), None, "two are none");
    }
}
