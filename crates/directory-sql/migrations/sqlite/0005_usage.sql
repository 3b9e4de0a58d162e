-- Who uses which dialect: a row for each endpoint and client.

CREATE TABLE usage (
    id          TEXT PRIMARY KEY, -- a hash of the eight after it
    dialect     TEXT NOT NULL,
    revision    TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    application TEXT,
    key_label   TEXT,
    client      TEXT,
    user_agent  TEXT NOT NULL,
    network     TEXT NOT NULL,
    known       INTEGER NOT NULL, -- whether somebody was let in
    first_seen  INTEGER NOT NULL, -- milliseconds since 1970
    last_seen   INTEGER NOT NULL,
    last_served INTEGER,
    calls       INTEGER NOT NULL,
    refused     INTEGER NOT NULL,
    users       BLOB NOT NULL     -- a sketch, of which only a number can be read
) STRICT;
CREATE INDEX usage_by_last_seen ON usage (last_seen);
