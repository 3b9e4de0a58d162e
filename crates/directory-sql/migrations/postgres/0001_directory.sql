-- Users, organisations, units, access cards and keys.
-- Hashes and digests are never clear text. Texts are compared byte by byte (COLLATE "C"), so that
-- no upgrade of the system's locales can disorder an index of login names.
--
-- Gateways of the version before this one go on while a newer one changes the tables: migrations
-- add, and a view that is read with `*` is not altered but followed by one of another name.

CREATE TABLE organisations (
    id           uuid PRIMARY KEY,
    name         text COLLATE "C" NOT NULL UNIQUE,
    default_unit text COLLATE "C"
);

CREATE TABLE units (
    id              text COLLATE "C" PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    name            text NOT NULL
);
CREATE INDEX units_by_organisation ON units (organisation_id);

CREATE TABLE users (
    id              uuid PRIMARY KEY,
    number          bigint NOT NULL UNIQUE,
    user_name       text NOT NULL,
    email           text,
    first_name      text NOT NULL,
    last_name       text NOT NULL,
    image_url       text NOT NULL,
    role            text NOT NULL,
    organisation_id uuid NOT NULL REFERENCES organisations (id),
    default_unit    text COLLATE "C" REFERENCES units (id),
    disabled        boolean NOT NULL,
    password_hash   text NOT NULL,
    totp_secret     text,
    generation      bigint NOT NULL
);

-- Every name a user may log in by, trimmed and in lower case: the user name and the e-mail address.
CREATE TABLE logins (
    login   text COLLATE "C" PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX logins_by_user ON logins (user_id);

CREATE TABLE user_units (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    unit    text COLLATE "C" NOT NULL REFERENCES units (id),
    PRIMARY KEY (user_id, unit)
);

CREATE TABLE access_cards (
    user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_digest    bytea UNIQUE,
    identifier     text COLLATE "C" UNIQUE,
    pass_code_hash text,
    effective      boolean NOT NULL,
    CHECK ((identifier IS NULL) = (pass_code_hash IS NULL)),
    CHECK (code_digest IS NOT NULL OR identifier IS NOT NULL)
);
CREATE INDEX access_cards_by_user ON access_cards (user_id);

CREATE TABLE keys (
    realm   text COLLATE "C" NOT NULL,
    digest  bytea NOT NULL,
    label   text COLLATE "C" NOT NULL,
    user_id uuid REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (realm, digest)
);

-- Directory files that were applied at a start, by keyed fingerprint.
CREATE TABLE imports (
    fingerprint bytea PRIMARY KEY
);

-- A user as it is read: with the organisation, the default unit, and the other units in one column.
CREATE VIEW accounts AS
SELECT
    u.id, u.number, u.user_name, u.email, u.first_name, u.last_name, u.image_url, u.role,
    u.disabled, u.generation, u.password_hash, u.totp_secret,
    o.id AS organisation_id,
    o.name AS organisation_name,
    u.default_unit AS own_default_unit,
    coalesce(u.default_unit, o.default_unit) AS default_unit,
    ARRAY(SELECT unit FROM user_units WHERE user_id = u.id) AS units
FROM users u
JOIN organisations o ON o.id = u.organisation_id;
