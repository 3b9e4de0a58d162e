-- What imports said, and what was revoked, so that no import takes back what was set here since.
-- Moments are seconds since 1970.

-- What an import last said of a user, as JSON. A user without a row was added here, or comes from a
-- release that did not remember: what is there then counts as set here.
CREATE TABLE imported_users (
    user TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL, -- the user name that it gave, trimmed and in lower case
    said TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX imported_users_by_name ON imported_users (name);

-- Whether it comes from an import.
ALTER TABLE app_passwords ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;

CREATE TABLE revoked_app_passwords (
    user       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest     BLOB NOT NULL,
    revoked_at INTEGER NOT NULL,
    PRIMARY KEY (user, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE revoked_keys (
    realm      TEXT NOT NULL,
    digest     BLOB NOT NULL,
    revoked_at INTEGER NOT NULL,
    PRIMARY KEY (realm, digest)
) STRICT, WITHOUT ROWID;
