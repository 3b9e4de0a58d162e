-- Who uses which dialect: a row for each endpoint and client.

CREATE TABLE usage (
    id          text COLLATE "C" PRIMARY KEY, -- a hash of the eight after it
    dialect     text NOT NULL,
    revision    text NOT NULL,
    endpoint    text NOT NULL,
    application text,
    key_label   text,
    client      text,
    user_agent  text NOT NULL,
    network     text NOT NULL,
    known       boolean NOT NULL, -- whether somebody was let in
    first_seen  bigint NOT NULL,  -- milliseconds since 1970
    last_seen   bigint NOT NULL,
    last_served bigint,
    calls       bigint NOT NULL,
    refused     bigint NOT NULL,
    users       bytea NOT NULL    -- a sketch, of which only a number can be read
);
CREATE INDEX usage_by_last_seen ON usage (last_seen);
