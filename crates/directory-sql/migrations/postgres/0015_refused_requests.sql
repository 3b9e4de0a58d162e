-- The token that an event is about, by which events are found, too.
ALTER TABLE audit ADD COLUMN handle text COLLATE "C";
CREATE INDEX audit_by_handle ON audit (handle) WHERE handle IS NOT NULL;

-- Requests that were refused, for operators, each with the entry that `isogloss explain` shows, and what it is looked
-- for by. Rows are removed after some days, and `name` after some hours, if it is stored at all.
-- The entry is text: clients may write what `jsonb` does not take.

CREATE TABLE refused_requests (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time       bigint NOT NULL, -- milliseconds since 1970
    request_id text COLLATE "C",
    dialect    text COLLATE "C",
    user_id    text COLLATE "C",
    name_hash  text COLLATE "C",
    source     text COLLATE "C",
    name       text, -- as it was typed
    entry      text NOT NULL
);
CREATE INDEX refused_requests_by_time ON refused_requests (time);
CREATE INDEX refused_requests_by_request ON refused_requests (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX refused_requests_by_user ON refused_requests (user_id, time) WHERE user_id IS NOT NULL;
CREATE INDEX refused_requests_by_name ON refused_requests (name_hash, time) WHERE name_hash IS NOT NULL;
CREATE INDEX refused_requests_by_source ON refused_requests (source, time) WHERE source IS NOT NULL;
CREATE INDEX refused_requests_with_name ON refused_requests (time) WHERE name IS NOT NULL;
