-- Use of dialects by day and client, for longer than the table of clients has them; who uses a dialect, by name; and
-- what a search for users needs.

CREATE TABLE usage_days (
    day         INTEGER NOT NULL, -- days since 1970, in UTC
    dialect     TEXT NOT NULL,
    id          TEXT NOT NULL,    -- a hash of dialect and client; empty: all clients of the day
    application TEXT,
    key_label   TEXT,
    client      TEXT,
    user_agent  TEXT NOT NULL,
    network     TEXT NOT NULL,
    known       INTEGER NOT NULL,
    clients     INTEGER NOT NULL, -- known ones with a row of their own
    calls       INTEGER NOT NULL,
    refused     INTEGER NOT NULL,
    logins      INTEGER NOT NULL,
    last_served INTEGER,          -- milliseconds since 1970
    users       BLOB NOT NULL,    -- a sketch, of which only a number can be read
    PRIMARY KEY (day, dialect, id)
) STRICT;
CREATE INDEX usage_days_of_all ON usage_days (dialect, day) WHERE id = '';

CREATE TABLE user_usage (
    user          TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    dialect       TEXT NOT NULL,
    first_used_at INTEGER NOT NULL, -- milliseconds since 1970
    last_used_at  INTEGER NOT NULL,
    last_login_at INTEGER,
    address       TEXT,             -- of the client, at the last use
    client        TEXT,
    user_agent    TEXT NOT NULL,
    PRIMARY KEY (user, dialect)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_usage_by_dialect ON user_usage (dialect, last_used_at, user);

-- Beginnings of names, in the lower case of ASCII, and of numbers.
CREATE INDEX users_by_name ON users
    (substr(lower(first_name || ' ' || last_name), 1, 100), number);
CREATE INDEX users_by_last_name ON users
    (substr(lower(last_name || ' ' || first_name), 1, 100), number);
CREATE INDEX users_by_number_text ON users (CAST(number AS TEXT), number);

-- What events are looked for by, besides what they had. Older rows have none of it.
ALTER TABLE audit ADD COLUMN outcome TEXT;
ALTER TABLE audit ADD COLUMN dialect TEXT;
ALTER TABLE audit ADD COLUMN source  TEXT;
CREATE INDEX audit_by_event ON audit (event, time);
CREATE INDEX audit_by_outcome ON audit (outcome, time);
CREATE INDEX audit_by_dialect ON audit (dialect, time);
CREATE INDEX audit_by_source ON audit (source, time);
-- The latest events of a user come first, too. Each index ends with the identifier of the row.
DROP INDEX audit_by_user;
DROP INDEX audit_by_actor;
DROP INDEX audit_by_name;
CREATE INDEX audit_by_user ON audit (user, time) WHERE user IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (actor, time) WHERE actor IS NOT NULL;
CREATE INDEX audit_by_name ON audit (name_hash, time) WHERE name_hash IS NOT NULL;
