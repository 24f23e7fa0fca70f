-- Many providers: where one is reached follows from its name, and what may be changed about it is one document.
ALTER TABLE provider DROP COLUMN public_url;
ALTER TABLE provider DROP COLUMN collateral_path;
ALTER TABLE provider ADD COLUMN trust_model TEXT NOT NULL DEFAULT 'AAD';
ALTER TABLE provider ADD COLUMN location TEXT NOT NULL DEFAULT 'local';
ALTER TABLE provider ADD COLUMN is_location_default INTEGER NOT NULL DEFAULT 0;
-- JSON that the service reads.
ALTER TABLE provider ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE provider ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
-- The number of the last change of anything that belongs to it.
ALTER TABLE provider ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
UPDATE provider SET is_location_default = 1 WHERE name = 'default';
CREATE UNIQUE INDEX one_default_for_each_location ON provider (location) WHERE is_location_default = 1;

-- Keys lie sealed. Those that lay open are given up: each provider makes another one when the service starts.
DROP TABLE signing_key;
CREATE TABLE signing_key (
    kid               TEXT PRIMARY KEY NOT NULL,
    provider          TEXT NOT NULL REFERENCES provider(name),
    -- A key belongs to one issuer URL, for its certificate names it.
    issuer            TEXT NOT NULL,
    sealed            BLOB NOT NULL,
    certificate       BLOB NOT NULL,
    created_at        INTEGER NOT NULL,
    -- From when on it signs; it is published before.
    signs_from        INTEGER NOT NULL
) STRICT;
CREATE INDEX signing_key_by_provider ON signing_key (provider, signs_from);

-- Counts changes: whoever knows an older number has to look again. Every writer begins here, so there is one at a time.
CREATE TABLE generation (
    id                INTEGER PRIMARY KEY CHECK (id = 1),
    number            INTEGER NOT NULL
) STRICT;
INSERT INTO generation (id, number) VALUES (1, 0);

-- A reset has a JWS and no text, where one was submitted.
ALTER TABLE policy_change RENAME TO old_policy_change;
CREATE TABLE policy_change (
    provider          TEXT NOT NULL REFERENCES provider(name),
    attestation_type  TEXT NOT NULL,
    number            INTEGER NOT NULL,
    -- Exactly as it was submitted: hashes are over it.
    jws               TEXT,
    -- NULL: the default policy.
    text              TEXT,
    -- Whom the signer meant it for; NULL where the JWS does not say.
    audience          TEXT,
    -- The number of the change that this one goes back to.
    restores          INTEGER,
    changed_at        INTEGER NOT NULL,
    changed_by        TEXT NOT NULL,
    PRIMARY KEY (provider, attestation_type, number)
) STRICT;
INSERT INTO policy_change (provider, attestation_type, number, jws, text, changed_at, changed_by)
    SELECT provider, attestation_type, number, jws, text, changed_at, changed_by FROM old_policy_change;
DROP TABLE old_policy_change;

-- The certificates that policies of an Isolated provider must be signed under.
CREATE TABLE policy_signer (
    provider          TEXT NOT NULL REFERENCES provider(name),
    sha256            BLOB NOT NULL CHECK (length(sha256) = 32),
    certificate       BLOB NOT NULL,
    added_at          INTEGER NOT NULL,
    added_by          TEXT NOT NULL,
    PRIMARY KEY (provider, sha256)
) STRICT;

-- Clients of the built-in issuer of access tokens.
CREATE TABLE client (
    id                TEXT PRIMARY KEY NOT NULL,
    name              TEXT NOT NULL UNIQUE,
    secret_sha256     BLOB NOT NULL CHECK (length(secret_sha256) = 32),
    role              TEXT NOT NULL,
    -- NULL: every provider.
    provider          TEXT REFERENCES provider(name),
    expires_at        INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    created_by        TEXT NOT NULL
) STRICT;

-- The keys that access tokens are signed with; they sign nothing else.
CREATE TABLE access_key (
    kid               TEXT PRIMARY KEY NOT NULL,
    sealed            BLOB NOT NULL,
    created_at        INTEGER NOT NULL
) STRICT;
