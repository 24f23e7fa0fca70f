//! Attestation tokens: claims to JWS and back, JWKS, OpenID metadata, relying-party verification.
