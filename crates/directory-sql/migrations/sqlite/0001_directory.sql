-- Users, organisations, units, access cards and keys.
-- Identifiers are GUIDs in their dashed lower-case form; hashes and digests are never clear text.

CREATE TABLE organisations (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    default_unit TEXT
) STRICT;

CREATE TABLE units (
    id           TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (id),
    name         TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    number        INTEGER NOT NULL UNIQUE,
    user_name     TEXT NOT NULL,
    email         TEXT,
    first_name    TEXT NOT NULL,
    last_name     TEXT NOT NULL,
    image_url     TEXT NOT NULL,
    role          TEXT NOT NULL,
    organisation  TEXT NOT NULL REFERENCES organisations (id),
    default_unit  TEXT REFERENCES units (id),
    disabled      INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    totp_secret   TEXT,
    generation    INTEGER NOT NULL
) STRICT;

-- Every name a user may log in by, trimmed and in lower case: the user name and the e-mail address.
CREATE TABLE logins (
    login TEXT PRIMARY KEY,
    user  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_by_user ON logins (user);

CREATE TABLE user_units (
    user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    unit TEXT NOT NULL REFERENCES units (id),
    PRIMARY KEY (user, unit)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_cards (
    user           TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_digest    BLOB UNIQUE,
    identifier     TEXT UNIQUE,
    pass_code_hash TEXT,
    effective      INTEGER NOT NULL,
    CHECK ((identifier IS NULL) = (pass_code_hash IS NULL)),
    CHECK (code_digest IS NOT NULL OR identifier IS NOT NULL)
) STRICT;
CREATE INDEX access_cards_by_user ON access_cards (user);

CREATE TABLE keys (
    realm  TEXT NOT NULL,
    digest BLOB NOT NULL,
    label  TEXT NOT NULL,
    user   TEXT REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (realm, digest)
) STRICT, WITHOUT ROWID;

-- Directory files that were applied at a start, by keyed fingerprint.
CREATE TABLE imports (
    fingerprint BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- A user as it is read: with the organisation, the default unit, and the other units in one
-- column, separated by line feeds.
CREATE VIEW accounts AS
SELECT
    u.id, u.number, u.user_name, u.email, u.first_name, u.last_name, u.image_url, u.role,
    u.disabled, u.generation, u.password_hash, u.totp_secret,
    o.id AS organisation_id,
    o.name AS organisation_name,
    u.default_unit AS own_default_unit,
    coalesce(u.default_unit, o.default_unit) AS default_unit,
    (SELECT group_concat(unit, char(10)) FROM user_units WHERE user = u.id) AS units
FROM users u
JOIN organisations o ON o.id = u.organisation;
