//! The audit is append-only for whoever writes SQL, too.
//!
//! Each statement must be refused by the database itself, and must leave everything as it was.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{Connection, PgConnection};
use store::{AuditLog, Head, Input, Postgres, RETENTION, Sqlite, Store};

use crate::audit::chains;
use crate::rows::{at, entry, provider};
use crate::server::Server;

/// Statements that both databases understand.
const REFUSED: [&str; 20] = [
    "UPDATE audit_record SET text = ''",
    "DELETE FROM audit_record",
    "DELETE FROM audit_record WHERE number = 4",
    // A record that does not follow the last one; one with a number of its own chain; one of a chain that does not exist.
    "INSERT INTO audit_record (replica, number, previous, hash, text) SELECT replica, 9, hash, hash, '' FROM audit_record WHERE number = 4",
    "INSERT INTO audit_record (replica, number, previous, hash, text) SELECT replica, 6, previous, hash, '' FROM audit_record WHERE number = 4",
    "INSERT INTO audit_record (replica, number, previous, hash, text) SELECT 'b', 1, previous, hash, '' FROM audit_record WHERE number = 4",
    // A record that was deleted by retention.
    "INSERT INTO audit_record (replica, number, previous, hash, text) SELECT replica, 1, previous, hash, '' FROM audit_record WHERE number = 4",
    "DELETE FROM audit_head",
    "UPDATE audit_head SET number = number - 1",
    "UPDATE audit_head SET number = number + 1",
    "UPDATE audit_head SET hash = anchor_hash",
    "UPDATE audit_head SET replica = 'b'",
    "UPDATE audit_head SET anchor_number = 0",
    "UPDATE audit_head SET anchor_number = 4",
    "UPDATE audit_head SET anchor_number = number, anchor_hash = hash",
    "INSERT INTO audit_head (replica, number, hash) SELECT 'b', 4, hash FROM audit_head",
    "UPDATE audit_input SET bytes = sha256",
    "UPDATE audit_input SET kept_at = kept_at - 1",
    "DELETE FROM audit_input",
    "DELETE FROM audit_cutoff",
];

/// A chain of five records, of which the first two were deleted, and an input.
async fn filled(store: &dyn Store) {
    store.create_provider(&provider("one"), &entry()).await.unwrap();
    store.append(&entry(), &[Input { sha256: [1; 32], bytes: vec![1] }], &[], at(7_000)).await.unwrap();
    store.append(&entry(), &[], &[], at(0)).await.unwrap();
    store.append(&entry(), &[], &[], at(0)).await.unwrap();
    let second = store.records("replica", 1, 1).await.unwrap().remove(0);
    let anchor = Head { replica: "replica".to_owned(), number: 2, hash: second.hash };
    assert!(store.move_anchor(&anchor, &format!("{{\"action\":\"{RETENTION}\"}}")).await.unwrap());
    assert_eq!(store.delete_records("replica", 9).await.unwrap(), 2);
    store.delete_inputs(at(10), 9).await.unwrap();
}

async fn unchanged(store: &dyn Store, sql: &str) {
    let numbers: Vec<i64> = chains(store).await.iter().map(|record| record.number).collect();
    assert_eq!(numbers, [3, 4, 5], "{sql}");
    assert_eq!(store.input(&[1; 32]).await.unwrap(), Some(vec![1]), "{sql}");
}

#[tokio::test]
async fn the_audit_is_append_only_in_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("veritee.db");
    let store = Sqlite::open(&path).await.unwrap();
    filled(&store).await;
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path)).await.unwrap();
    const RECORD: &str = "INTO audit_record (replica, number, previous, hash, text)";
    let record = |verb: &str, columns: &str| {
        let from = "FROM audit_record WHERE number = 4";
        format!("{verb} INTO audit_record (rowid, replica, number, previous, hash, text) SELECT {columns} {from}")
    };
    let replacing = [
        // REPLACE fires no DELETE trigger.
        format!("INSERT OR REPLACE {RECORD} SELECT replica, number, previous, hash, '' FROM audit_record"),
        format!("REPLACE {RECORD} SELECT replica, number, previous, hash, '' FROM audit_record WHERE number = 4"),
        "UPDATE OR REPLACE audit_record SET number = 5 WHERE number = 4".to_owned(),
        "UPDATE OR REPLACE audit_record SET rowid = 5 WHERE number = 4".to_owned(),
        "UPDATE OR IGNORE audit_record SET text = ''".to_owned(),
        // The same through the row's hidden key: the right record at the place of another.
        record("REPLACE", "rowid, replica, 99, previous, hash, ''"),
        record("REPLACE", "rowid, replica, 6, (SELECT hash FROM audit_head), hash, ''"),
        "REPLACE INTO audit_head (replica, number, hash) SELECT replica, 0, zeroblob(32) FROM audit_head".to_owned(),
        "REPLACE INTO audit_head (rowid, replica, number, hash) SELECT rowid, 'b', 0, zeroblob(32) FROM audit_head"
            .to_owned(),
        "INSERT INTO audit_head (replica, number, hash) SELECT replica, 0, zeroblob(32) FROM audit_head WHERE true \
         ON CONFLICT (replica) DO UPDATE SET number = 0"
            .to_owned(),
        // REPLACE puts the default where NULL is not allowed.
        "UPDATE OR REPLACE audit_head SET anchor_number = NULL".to_owned(),
        "UPDATE OR REPLACE audit_head SET replica = NULL".to_owned(),
        "UPDATE OR REPLACE audit_head SET rowid = 99".to_owned(),
        "REPLACE INTO audit_input (sha256, bytes) SELECT sha256, x'02' FROM audit_input".to_owned(),
        "REPLACE INTO audit_input (rowid, sha256, bytes) SELECT rowid, zeroblob(32), x'02' FROM audit_input".to_owned(),
        "UPDATE OR REPLACE audit_input SET kept_at = NULL".to_owned(),
        "UPDATE OR REPLACE audit_input SET rowid = 99".to_owned(),
        "REPLACE INTO audit_cutoff (id, kept_from) VALUES (1, 0)".to_owned(),
        "INSERT INTO audit_cutoff (id, kept_from) VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET kept_from = 0"
            .to_owned(),
        "UPDATE OR REPLACE audit_cutoff SET kept_from = NULL".to_owned(),
        "UPDATE audit_cutoff SET kept_from = kept_from - 1".to_owned(),
        // A temporary table of the same name does not decide what the guards allow.
        "CREATE TEMP TABLE audit_head AS SELECT replica, 99 AS anchor_number FROM main.audit_head; DELETE FROM main.audit_record"
            .to_owned(),
    ];
    for sql in REFUSED.iter().map(|sql| (*sql).to_owned()).chain(replacing) {
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).execute(&pool).await;
        let refused = refused.err().unwrap_or_else(|| panic!("done: {sql}")).to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
        unchanged(&store, &sql).await;
    }
    store.append(&entry(), &[], &[], at(0)).await.unwrap();
}

#[tokio::test]
async fn a_chain_without_any_record_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("veritee.db");
    let store = Sqlite::open(&path).await.unwrap();
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(path)).await.unwrap();
    let sql = "INSERT INTO audit_head (replica, number, hash) VALUES ('replica', 0, zeroblob(32))";
    sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    assert_eq!(store.chains().await.unwrap(), []);
    store.append(&entry(), &[], &[], at(0)).await.unwrap();
    assert_eq!(store.heads().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_audit_is_append_only_in_postgresql() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    let store = Postgres::open(&url).await.unwrap();
    filled(&store).await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let others = [
        "TRUNCATE audit_record",
        "TRUNCATE audit_head",
        "TRUNCATE audit_input",
        "TRUNCATE audit_cutoff",
        "INSERT INTO audit_record SELECT * FROM audit_record WHERE number = 4 ON CONFLICT (replica, number) DO UPDATE SET text = ''",
        "MERGE INTO audit_record AS kept USING audit_record AS other ON kept.number = other.number \
         WHEN MATCHED THEN UPDATE SET text = ''",
        "MERGE INTO audit_record AS kept USING audit_record AS other ON kept.number = other.number WHEN MATCHED THEN DELETE",
        "INSERT INTO audit_head (replica, number, hash) SELECT replica, 0, decode(repeat('00', 32), 'hex') FROM audit_head \
         ON CONFLICT (replica) DO UPDATE SET number = 0",
        "INSERT INTO audit_input (sha256, bytes) SELECT sha256, bytes FROM audit_input \
         ON CONFLICT (sha256) DO UPDATE SET bytes = audit_input.sha256",
        "INSERT INTO audit_cutoff (id, kept_from) VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET kept_from = 0",
        "UPDATE audit_cutoff SET kept_from = kept_from - 1",
        // A temporary table of the same name does not decide what the guards allow.
        "CREATE TEMP TABLE audit_head AS SELECT replica, 99 AS anchor_number FROM public.audit_head; DELETE FROM public.audit_record",
        "CREATE TEMP TABLE audit_cutoff AS SELECT 99999 AS kept_from; DELETE FROM public.audit_input",
        "CREATE TEMP TABLE audit_record AS SELECT replica, number - 1 AS number, hash, '{\"action\":\"audit.retention\"}' AS text \
         FROM public.audit_record; UPDATE public.audit_head SET anchor_number = 4, anchor_hash = hash",
    ];
    for sql in REFUSED.into_iter().chain(others) {
        let refused = sqlx::raw_sql(sql).execute(&mut connection).await;
        let refused = refused.err().unwrap_or_else(|| panic!("done: {sql}")).to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
        unchanged(&store, sql).await;
    }
    store.append(&entry(), &[], &[], at(0)).await.unwrap();
}
