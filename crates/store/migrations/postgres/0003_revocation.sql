-- Tokens that were revoked before they expired.
CREATE TABLE revoked_token (
    provider          TEXT COLLATE "C" NOT NULL REFERENCES provider(name),
    jti               TEXT COLLATE "C" NOT NULL,
    -- Afterwards nobody has to know.
    expires_at        BIGINT NOT NULL,
    PRIMARY KEY (provider, jti)
);
