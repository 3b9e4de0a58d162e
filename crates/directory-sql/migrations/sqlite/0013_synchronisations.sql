-- Which process synchronises the users of an authority now, and how the last synchronisation ended.
-- Moments are seconds since 1970, by the clock of this database.

CREATE TABLE synchronisations (
    authority  TEXT PRIMARY KEY,
    holder     TEXT,             -- the process; NULL if there is none
    held_until INTEGER NOT NULL, -- until then, unless it renews
    begun_at   INTEGER NOT NULL, -- when the last one began
    ended_at   INTEGER,          -- when the last one that ended did so
    outcome    TEXT              -- how it ended, as JSON
) STRICT, WITHOUT ROWID;
