-- Policies with their history: each change is a row, the highest number of a type is in force. A reset has no JWS and no text.
DROP TABLE policy;

CREATE TABLE policy_change (
    provider          TEXT NOT NULL REFERENCES provider(name),
    attestation_type  TEXT NOT NULL,
    number            INTEGER NOT NULL,
    -- The JWS exactly as it was submitted: hashes are over it.
    jws               TEXT,
    text              TEXT,
    changed_at        INTEGER NOT NULL,
    changed_by        TEXT NOT NULL,
    PRIMARY KEY (provider, attestation_type, number),
    CHECK ((jws IS NULL) = (text IS NULL))
) STRICT;

-- SHA-256 of the administrator's token; there is one row at most.
CREATE TABLE administrator (
    id                INTEGER PRIMARY KEY CHECK (id = 1),
    token_sha256      BLOB NOT NULL CHECK (length(token_sha256) = 32),
    created_at        INTEGER NOT NULL
) STRICT;
