-- What the migrations of SQLite end in, as one. Texts that are ordered or are keys have the collation "C": the order is that
-- of their bytes, whatever the database's locale.

-- The number of the last migration that was done.
CREATE TABLE schema_version (
    id                BIGINT PRIMARY KEY CHECK (id = 1),
    version           BIGINT NOT NULL
);
INSERT INTO schema_version (id, version) VALUES (1, 0);

-- A provider is the unit of tenancy. Its roots are fixed when it is made.
CREATE TABLE provider (
    name                 TEXT COLLATE "C" PRIMARY KEY,
    -- NULL: Intel's root. Otherwise the trusted root certificate in PEM.
    root_pem             TEXT,
    created_at           BIGINT NOT NULL,
    trust_model          TEXT NOT NULL,
    location             TEXT COLLATE "C" NOT NULL,
    is_location_default  BOOLEAN NOT NULL,
    -- JSON that the service reads, exactly as it was written.
    settings             TEXT NOT NULL,
    created_by           TEXT NOT NULL,
    -- The number of the last change of anything that belongs to it.
    revision             BIGINT NOT NULL
);
CREATE UNIQUE INDEX one_default_for_each_location ON provider (location) WHERE is_location_default;

CREATE TABLE signing_key (
    kid               TEXT COLLATE "C" PRIMARY KEY,
    provider          TEXT COLLATE "C" NOT NULL REFERENCES provider(name),
    -- A key belongs to one issuer URL, for its certificate names it.
    issuer            TEXT NOT NULL,
    sealed            BYTEA NOT NULL,
    certificate       BYTEA NOT NULL,
    created_at        BIGINT NOT NULL,
    -- From when on it signs; it is published before.
    signs_from        BIGINT NOT NULL
);
CREATE INDEX signing_key_by_provider ON signing_key (provider, signs_from);

-- Policies with their history: each change is a row, the highest number of a type is in force.
CREATE TABLE policy_change (
    provider          TEXT COLLATE "C" NOT NULL REFERENCES provider(name),
    attestation_type  TEXT COLLATE "C" NOT NULL,
    number            BIGINT NOT NULL,
    -- Exactly as it was submitted: hashes are over it.
    jws               TEXT,
    -- NULL: the default policy.
    text              TEXT,
    -- Whom the signer meant it for; NULL where the JWS does not say.
    audience          TEXT,
    -- The number of the change that this one goes back to.
    restores          BIGINT,
    changed_at        BIGINT NOT NULL,
    changed_by        TEXT NOT NULL,
    PRIMARY KEY (provider, attestation_type, number)
);

-- The certificates that policies of an Isolated provider must be signed under.
CREATE TABLE policy_signer (
    provider          TEXT COLLATE "C" NOT NULL REFERENCES provider(name),
    sha256            BYTEA NOT NULL CHECK (length(sha256) = 32),
    certificate       BYTEA NOT NULL,
    added_at          BIGINT NOT NULL,
    added_by          TEXT NOT NULL,
    PRIMARY KEY (provider, sha256)
);

-- SHA-256 of the administrator's token; there is one row at most.
CREATE TABLE administrator (
    id                BIGINT PRIMARY KEY CHECK (id = 1),
    token_sha256      BYTEA NOT NULL CHECK (length(token_sha256) = 32),
    created_at        BIGINT NOT NULL
);

-- Clients of the built-in issuer of access tokens.
CREATE TABLE client (
    id                TEXT COLLATE "C" PRIMARY KEY,
    name              TEXT COLLATE "C" NOT NULL UNIQUE,
    secret_sha256     BYTEA NOT NULL CHECK (length(secret_sha256) = 32),
    role              TEXT NOT NULL,
    -- NULL: every provider.
    provider          TEXT COLLATE "C" REFERENCES provider(name),
    expires_at        BIGINT NOT NULL,
    created_at        BIGINT NOT NULL,
    created_by        TEXT NOT NULL
);

-- The keys that access tokens are signed with; they sign nothing else.
CREATE TABLE access_key (
    kid               TEXT COLLATE "C" PRIMARY KEY,
    sealed            BYTEA NOT NULL,
    created_at        BIGINT NOT NULL
);

-- Counts changes: whoever knows an older number has to look again. Every writer begins here, so there is one at a time.
CREATE TABLE generation (
    id                BIGINT PRIMARY KEY CHECK (id = 1),
    number            BIGINT NOT NULL
);
INSERT INTO generation (id, number) VALUES (1, 0);

-- Whoever listens hears of a change when it is there.
CREATE FUNCTION notify_generation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('veritee_generation', '');
    RETURN NULL;
END $$;
CREATE TRIGGER generation_changed AFTER UPDATE ON generation FOR EACH ROW EXECUTE FUNCTION notify_generation();
