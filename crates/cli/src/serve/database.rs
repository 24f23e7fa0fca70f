//! The store of a service: PostgreSQL, or SQLite in the data directory.

use std::sync::Arc;

use problem::Problem;
use state_dir::PrivateDir;
use store::{Postgres, Sqlite, Store, StoreError};

use crate::failure::{self, Failure};

/// Opens the PostgreSQL database at that URL, or SQLite in the data directory.
pub async fn open(url: Option<&String>, data: &PrivateDir) -> Result<Arc<dyn Store>, Failure> {
    if let Some(url) = url {
        let store = Postgres::open(url).await.map_err(|error| database_unusable(&error))?;
        return Ok(Arc::new(store));
    }
    // It holds signing keys. SQLite gives its other files the mode of this one.
    let file = data.file_for_library("veritee.db").map_err(|error| Failure::of_environment(&error))?;
    let store = Sqlite::open(&file).await.map_err(|error| store_unusable(&error))?;
    Ok(Arc::new(store))
}

fn database_unusable(error: &StoreError) -> Failure {
    let help = match error {
        StoreError::Newer { .. } => error.help(),
        _ => {
            "check that the URL is postgres://USER:PASSWORD@HOST/DATABASE, and that the database can be reached".into()
        }
    };
    Failure::environment("database_unusable", failure::chain(error), help)
}

pub fn store_unusable(error: &StoreError) -> Failure {
    let help = match error {
        StoreError::Newer { .. } => error.help(),
        _ => "check that veritee.db in the data directory can be written and is whole; restore it from a copy".into(),
    };
    Failure::environment("store_unusable", failure::chain(error), help)
}
