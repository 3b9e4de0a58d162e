-- The private keys that sign JWTs, each sealed under the secret of JWTs. The gateway that comes first makes a key.

CREATE TABLE signing_keys (
    secret_id  TEXT NOT NULL,    -- which secret, as a keyed fingerprint
    algorithm  TEXT NOT NULL,
    period     INTEGER NOT NULL, -- the number of the period in which it signs
    sealed     BLOB NOT NULL,    -- version, nonce, AES-256-GCM ciphertext and tag
    created_at INTEGER NOT NULL, -- seconds since 1970
    PRIMARY KEY (secret_id, algorithm, period)
) STRICT, WITHOUT ROWID;
