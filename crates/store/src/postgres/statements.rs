//! The statements, on PostgreSQL.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::{PgPool, PgRow};

use crate::audit::{Chain, Entry, Head, Input, PlatformEvidence, Record, link};
use crate::error::conflict;
use crate::rows::{
    AccessKey, Client, NewProvider, PolicyChange, PolicySigner, Provider, ProviderState, Revision, RevokedBy,
    RevokedToken, SigningKey, WithdrawnKey,
};
use crate::signed_request::{SignedRequest, signing_input_sha256};
use crate::sql::{audit_in_sql, revocation_in_sql, signed_requests_in_sql, store_in_sql};
use crate::{AuditLog, Store, StoreError};

/// The store without limits of time.
#[derive(Clone)]
pub(super) struct Statements {
    pub(super) pool: PgPool,
}

store_in_sql!(Statements, sqlx::Postgres, PgRow, read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
signed_requests_in_sql!(Statements, sqlx::Postgres);
audit_in_sql!(Statements, sqlx::Postgres, PgRow);
revocation_in_sql!(Statements, sqlx::Postgres, PgRow, read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
