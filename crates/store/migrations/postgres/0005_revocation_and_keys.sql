-- Who revoked a token: its bearer or a contributor. Bearers have a quota of their own, so that strangers with tokens of their own
-- leave room for contributors. Older rows do not say who it was; they count as those of bearers.
ALTER TABLE revoked_token ADD COLUMN by_bearer BOOLEAN NOT NULL DEFAULT TRUE;
-- The number of the change that revoked it: replicas read only what is newer than what they know.
ALTER TABLE revoked_token ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
CREATE INDEX revoked_token_by_quota ON revoked_token (provider, by_bearer);
CREATE INDEX revoked_token_by_expiry ON revoked_token (provider, expires_at);
CREATE INDEX revoked_token_by_number ON revoked_token (provider, number);

-- The number of the last revocation of one of its tokens. It is not part of the revision: bearers of tokens must not make the
-- changes of an owner fail.
ALTER TABLE provider ADD COLUMN revocations BIGINT NOT NULL DEFAULT 0;

-- Signing keys that were withdrawn before their last token expired.
CREATE TABLE withdrawn_key (
    provider          TEXT COLLATE "C" NOT NULL REFERENCES provider(name),
    kid               TEXT COLLATE "C" NOT NULL,
    withdrawn_at      BIGINT NOT NULL,
    -- Until when relying parties are told.
    listed_until      BIGINT NOT NULL,
    PRIMARY KEY (provider, kid)
);
