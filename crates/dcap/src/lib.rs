//! Verifies Intel SGX and TDX quotes: Quote, ProvenPck, VerifiedQuote, AcceptedQuote.
