-- The private keys that sign JWTs, each sealed under the secret of JWTs. The gateway that comes first makes a key.

CREATE TABLE signing_keys (
    secret_id  text COLLATE "C" NOT NULL, -- which secret, as a keyed fingerprint
    algorithm  text COLLATE "C" NOT NULL,
    period     bigint NOT NULL, -- the number of the period in which it signs
    sealed     bytea NOT NULL,  -- version, nonce, AES-256-GCM ciphertext and tag
    created_at bigint NOT NULL, -- seconds since 1970
    PRIMARY KEY (secret_id, algorithm, period)
);
