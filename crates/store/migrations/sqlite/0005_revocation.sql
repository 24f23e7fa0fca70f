-- Tokens that were revoked before they expired.
CREATE TABLE revoked_token (
    provider          TEXT NOT NULL REFERENCES provider(name),
    jti               TEXT NOT NULL,
    -- Afterwards nobody has to know.
    expires_at        INTEGER NOT NULL,
    PRIMARY KEY (provider, jti)
) STRICT;
