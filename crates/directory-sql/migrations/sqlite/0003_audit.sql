-- Events of the audit log, each with the line that a file would have, and what it is looked for by.

CREATE TABLE audit (
    id        INTEGER PRIMARY KEY,
    time      INTEGER NOT NULL, -- milliseconds since 1970
    event     TEXT NOT NULL,
    user      TEXT,
    actor     TEXT,
    name_hash TEXT,
    line      TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (time);
CREATE INDEX audit_by_user ON audit (user) WHERE user IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (actor) WHERE actor IS NOT NULL;
CREATE INDEX audit_by_name ON audit (name_hash) WHERE name_hash IS NOT NULL;
