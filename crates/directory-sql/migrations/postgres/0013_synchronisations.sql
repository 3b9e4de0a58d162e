-- Which process synchronises the users of an authority now, and how the last synchronisation ended.
-- Moments are seconds since 1970, by the clock of this database.

CREATE TABLE synchronisations (
    authority  text COLLATE "C" PRIMARY KEY,
    holder     uuid,            -- the process; NULL if there is none
    held_until bigint NOT NULL, -- until then, unless it renews
    begun_at   bigint NOT NULL, -- when the last one began
    ended_at   bigint,          -- when the last one that ended did so
    outcome    text             -- how it ended, as JSON
);
