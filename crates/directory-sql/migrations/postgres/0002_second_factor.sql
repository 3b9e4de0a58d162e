-- The second factor's use, recovery codes, application passwords, and replaced password hashes.
-- Moments are seconds since 1970, days are days since then.

-- What is known of a user's TOTP beside its secret. A code of a step up to the last one is used up.
CREATE TABLE totp_states (
    user_id   uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    since     bigint,
    last_step bigint
);

-- Spent ones stay until the user gets others: an old file that is imported does not revive them.
CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest  bytea NOT NULL,
    spent   boolean NOT NULL,
    PRIMARY KEY (user_id, digest)
);

CREATE TABLE app_passwords (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    realm   text COLLATE "C" NOT NULL,
    digest  bytea NOT NULL,
    label   text NOT NULL,
    made_at bigint NOT NULL,
    used_on bigint,
    PRIMARY KEY (user_id, digest)
);

-- Hashes that were replaced by better ones of the same password, as digests: a file that brings one of
-- them again changes nothing. Void once the user has yet another hash.
CREATE TABLE replaced_hashes (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest  bytea NOT NULL,
    now     text COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, digest)
);
