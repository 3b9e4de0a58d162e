-- The keys under which card codes and application keys are digested, each sealed under a pepper; under
-- two of them while the pepper is exchanged.

CREATE TABLE digest_keys (
    id        BLOB NOT NULL,
    pepper    TEXT NOT NULL,    -- which one, as a keyed fingerprint
    sealed    TEXT NOT NULL,    -- nonce, AES-256-GCM ciphertext and tag, in hexadecimal digits
    made_at   INTEGER NOT NULL, -- seconds since 1970
    used_from INTEGER NOT NULL, -- from then on digests are stored under it
    sealed_at INTEGER NOT NULL,
    PRIMARY KEY (id, pepper)
) STRICT, WITHOUT ROWID;

-- A digest without a key is the plain SHA-256 of releases before this one.
ALTER TABLE access_cards ADD COLUMN code_digest_key BLOB;
ALTER TABLE keys ADD COLUMN digest_key BLOB;
ALTER TABLE revoked_keys ADD COLUMN digest_key BLOB;
-- The identifier that the key had while its digest was plain, as a keyed digest.
ALTER TABLE keys ADD COLUMN former_id BLOB;

CREATE INDEX access_cards_unkeyed ON access_cards (code_digest)
    WHERE code_digest IS NOT NULL AND code_digest_key IS NULL;
CREATE INDEX keys_unkeyed ON keys (realm, digest) WHERE digest_key IS NULL;
