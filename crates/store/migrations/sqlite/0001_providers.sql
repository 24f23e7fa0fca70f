-- A provider is the unit of tenancy. Its roots are fixed when it is made.
CREATE TABLE provider (
    name              TEXT PRIMARY KEY NOT NULL,
    public_url        TEXT NOT NULL,
    -- NULL: Intel's root. Otherwise the trusted root certificate in PEM.
    root_pem          TEXT,
    -- NULL: no collateral configured. Otherwise a path.
    collateral_path   TEXT,
    created_at        INTEGER NOT NULL
) STRICT;

-- A key belongs to one issuer URL, for its certificate names it.
CREATE TABLE signing_key (
    kid               TEXT PRIMARY KEY NOT NULL,
    provider          TEXT NOT NULL REFERENCES provider(name),
    issuer            TEXT NOT NULL,
    pkcs8             BLOB NOT NULL,
    certificate       BLOB NOT NULL,
    created_at        INTEGER NOT NULL
) STRICT;

CREATE INDEX signing_key_by_issuer ON signing_key (provider, issuer, created_at);

-- The policy in force, by attestation type. The text as it was set, hashed as such.
CREATE TABLE policy (
    provider          TEXT NOT NULL REFERENCES provider(name),
    attestation_type  TEXT NOT NULL,
    text              TEXT NOT NULL,
    set_at            INTEGER NOT NULL,
    PRIMARY KEY (provider, attestation_type)
) STRICT;
