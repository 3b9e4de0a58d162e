-- Use of dialects by day and client, for longer than the table of clients has them; who uses a dialect, by name; and
-- what a search for users needs.

CREATE TABLE usage_days (
    day         bigint NOT NULL,           -- days since 1970, in UTC
    dialect     text COLLATE "C" NOT NULL,
    id          text COLLATE "C" NOT NULL, -- a hash of dialect and client; empty: all clients of the day
    application text,
    key_label   text,
    client      text,
    user_agent  text NOT NULL,
    network     text NOT NULL,
    known       boolean NOT NULL,
    clients     bigint NOT NULL,           -- known ones with a row of their own
    calls       bigint NOT NULL,
    refused     bigint NOT NULL,
    logins      bigint NOT NULL,
    last_served bigint,                    -- milliseconds since 1970
    users       bytea NOT NULL,            -- a sketch, of which only a number can be read
    PRIMARY KEY (day, dialect, id)
);
CREATE INDEX usage_days_of_all ON usage_days (dialect, day) WHERE id = '';

CREATE TABLE user_usage (
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    dialect       text COLLATE "C" NOT NULL,
    first_used_at bigint NOT NULL,         -- milliseconds since 1970
    last_used_at  bigint NOT NULL,
    last_login_at bigint,
    address       text,                    -- of the client, at the last use
    client        text,
    user_agent    text NOT NULL,
    PRIMARY KEY (user_id, dialect)
);
CREATE INDEX user_usage_by_dialect ON user_usage (dialect, last_used_at, user_id);

-- Beginnings of names, in the lower case of ASCII whatever the collation of the database, and of numbers.
CREATE INDEX users_by_name ON users
    (left(lower((first_name || ' ' || last_name) COLLATE "C"), 100), number);
CREATE INDEX users_by_last_name ON users
    (left(lower((last_name || ' ' || first_name) COLLATE "C"), 100), number);
CREATE INDEX users_by_number_text ON users ((number::text COLLATE "C"), number);

-- What events are looked for by, besides what they had. Older rows have none of it.
ALTER TABLE audit ADD COLUMN outcome text COLLATE "C";
ALTER TABLE audit ADD COLUMN dialect text COLLATE "C";
ALTER TABLE audit ADD COLUMN source  text COLLATE "C";
CREATE INDEX audit_by_event ON audit (event, time, id);
CREATE INDEX audit_by_outcome ON audit (outcome, time, id);
CREATE INDEX audit_by_dialect ON audit (dialect, time, id);
CREATE INDEX audit_by_source ON audit (source, time, id);
-- The latest events of a user come first, too.
DROP INDEX audit_by_time;
DROP INDEX audit_by_user;
DROP INDEX audit_by_actor;
DROP INDEX audit_by_name;
CREATE INDEX audit_by_time ON audit (time, id);
CREATE INDEX audit_by_user ON audit (user_id, time, id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (actor, time, id) WHERE actor IS NOT NULL;
CREATE INDEX audit_by_name ON audit (name_hash, time, id) WHERE name_hash IS NOT NULL;
