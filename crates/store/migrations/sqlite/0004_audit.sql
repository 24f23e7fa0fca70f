-- Who did what: a chain of records for each replica. Records are only ever added.
CREATE TABLE audit_record (
    replica           TEXT NOT NULL,
    number            INTEGER NOT NULL,
    previous          BLOB NOT NULL CHECK (length(previous) = 32),
    hash              BLOB NOT NULL CHECK (length(hash) = 32),
    -- A JSON object, exactly as it was hashed.
    text              TEXT NOT NULL,
    PRIMARY KEY (replica, number)
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit_record BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit_record BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- The last record of each chain.
CREATE TABLE audit_head (
    replica           TEXT PRIMARY KEY,
    number            INTEGER NOT NULL,
    hash              BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- What decisions were made from, where the operator keeps it.
CREATE TABLE audit_input (
    sha256            BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    bytes             BLOB NOT NULL
) STRICT;

-- The last evidence of each platform at each provider, where the operator keeps it.
CREATE TABLE platform_evidence (
    provider          TEXT NOT NULL,
    platform          BLOB NOT NULL CHECK (length(platform) = 32),
    received_at       INTEGER NOT NULL,
    evidence          BLOB NOT NULL,
    collateral        BLOB NOT NULL CHECK (length(collateral) = 32),
    PRIMARY KEY (provider, platform)
) STRICT;
