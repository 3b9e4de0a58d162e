-- The second factor's use, recovery codes, application passwords, and replaced password hashes.
-- Moments are seconds since 1970, days are days since then.

-- What is known of a user's TOTP beside its secret. A code of a step up to the last one is used up.
CREATE TABLE totp_states (
    user      TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    since     INTEGER,
    last_step INTEGER
) STRICT, WITHOUT ROWID;

-- Spent ones stay until the user gets others: an old file that is imported does not revive them.
CREATE TABLE recovery_codes (
    user   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    spent  INTEGER NOT NULL,
    PRIMARY KEY (user, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE app_passwords (
    user    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    realm   TEXT NOT NULL,
    digest  BLOB NOT NULL,
    label   TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    used_on INTEGER,
    PRIMARY KEY (user, digest)
) STRICT, WITHOUT ROWID;

-- Hashes that were replaced by better ones of the same password, as digests: a file that brings one of
-- them again changes nothing. Void once the user has yet another hash.
CREATE TABLE replaced_hashes (
    user   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    now    TEXT NOT NULL,
    PRIMARY KEY (user, digest)
) STRICT, WITHOUT ROWID;
