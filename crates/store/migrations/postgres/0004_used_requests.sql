-- Signed requests that Isolated providers have used, so that none is used again. Nothing refers to the provider: one that is
-- created later under the same name must refuse them too.
CREATE TABLE used_request (
    provider          TEXT COLLATE "C" NOT NULL,
    -- What was changed: an attestation type, or `certificates`.
    purpose           TEXT COLLATE "C" NOT NULL,
    -- SHA-256 of the JWS without its signature, which has several valid spellings.
    signing_input     BYTEA NOT NULL CHECK (length(signing_input) = 32),
    -- What the request was used for, such as `add`.
    action            TEXT NOT NULL,
    used_at           BIGINT NOT NULL,
    PRIMARY KEY (provider, purpose, signing_input)
);
