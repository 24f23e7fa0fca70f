-- Who did what: a chain of records for each replica. Records are only ever added.
CREATE TABLE audit_record (
    replica           TEXT COLLATE "C" NOT NULL,
    number            BIGINT NOT NULL,
    previous          BYTEA NOT NULL CHECK (length(previous) = 32),
    hash              BYTEA NOT NULL CHECK (length(hash) = 32),
    -- A JSON object, exactly as it was hashed.
    text              TEXT NOT NULL,
    PRIMARY KEY (replica, number)
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The last record of each chain.
CREATE TABLE audit_head (
    replica           TEXT COLLATE "C" PRIMARY KEY,
    number            BIGINT NOT NULL,
    hash              BYTEA NOT NULL CHECK (length(hash) = 32)
);

-- What decisions were made from, where the operator keeps it.
CREATE TABLE audit_input (
    sha256            BYTEA PRIMARY KEY CHECK (length(sha256) = 32),
    bytes             BYTEA NOT NULL
);

-- The last evidence of each platform at each provider, where the operator keeps it.
CREATE TABLE platform_evidence (
    provider          TEXT COLLATE "C" NOT NULL,
    platform          BYTEA NOT NULL CHECK (length(platform) = 32),
    received_at       BIGINT NOT NULL,
    evidence          BYTEA NOT NULL,
    collateral        BYTEA NOT NULL CHECK (length(collateral) = 32),
    PRIMARY KEY (provider, platform)
);
