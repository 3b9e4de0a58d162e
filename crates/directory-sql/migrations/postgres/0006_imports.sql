-- What imports said, and what was revoked, so that no import takes back what was set here since.
-- Moments are seconds since 1970.

-- What an import last said of a user, as JSON. A user without a row was added here, or comes from a
-- release that did not remember: what is there then counts as set here.
CREATE TABLE imported_users (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    name    text COLLATE "C" NOT NULL, -- the user name that it gave, trimmed and in lower case
    said    text NOT NULL
);
CREATE INDEX imported_users_by_name ON imported_users (name);

-- Whether it comes from an import.
ALTER TABLE app_passwords ADD COLUMN imported boolean NOT NULL DEFAULT false;

CREATE TABLE revoked_app_passwords (
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest     bytea NOT NULL,
    revoked_at bigint NOT NULL,
    PRIMARY KEY (user_id, digest)
);

CREATE TABLE revoked_keys (
    realm      text COLLATE "C" NOT NULL,
    digest     bytea NOT NULL,
    revoked_at bigint NOT NULL,
    PRIMARY KEY (realm, digest)
);
