//! Attestation providers: the Azure Attestation REST API.
