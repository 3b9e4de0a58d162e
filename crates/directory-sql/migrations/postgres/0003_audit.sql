-- Events of the audit log, each with the line that a file would have, and what it is looked for by.
-- The line is text: clients may write what `jsonb` does not take.

CREATE TABLE audit (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time      bigint NOT NULL, -- milliseconds since 1970
    event     text COLLATE "C" NOT NULL,
    user_id   text COLLATE "C",
    actor     text COLLATE "C",
    name_hash text COLLATE "C",
    line      text NOT NULL
);
CREATE INDEX audit_by_time ON audit (time);
CREATE INDEX audit_by_user ON audit (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (actor) WHERE actor IS NOT NULL;
CREATE INDEX audit_by_name ON audit (name_hash) WHERE name_hash IS NOT NULL;
