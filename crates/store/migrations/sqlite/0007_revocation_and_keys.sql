-- Who revoked a token: its bearer (1) or a contributor (0). Bearers have a quota of their own, so that strangers with tokens of
-- their own leave room for contributors. Older rows do not say who it was; they count as those of bearers.
ALTER TABLE revoked_token ADD COLUMN by_bearer INTEGER NOT NULL DEFAULT 1;
-- The number of the change that revoked it: replicas read only what is newer than what they know.
ALTER TABLE revoked_token ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
CREATE INDEX revoked_token_by_quota ON revoked_token (provider, by_bearer);
CREATE INDEX revoked_token_by_expiry ON revoked_token (provider, expires_at);
CREATE INDEX revoked_token_by_number ON revoked_token (provider, number);

-- The number of the last revocation of one of its tokens. It is not part of the revision: bearers of tokens must not make the
-- changes of an owner fail.
ALTER TABLE provider ADD COLUMN revocations INTEGER NOT NULL DEFAULT 0;

-- Signing keys that were withdrawn before their last token expired.
CREATE TABLE withdrawn_key (
    provider          TEXT NOT NULL REFERENCES provider(name),
    kid               TEXT NOT NULL,
    withdrawn_at      INTEGER NOT NULL,
    -- Until when relying parties are told.
    listed_until      INTEGER NOT NULL,
    PRIMARY KEY (provider, kid)
) STRICT;
