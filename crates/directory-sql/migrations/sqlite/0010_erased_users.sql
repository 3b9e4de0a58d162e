-- What is left of users who were erased, as keyed digests of their identifiers and of the names they
-- logged in by: an older file that is imported does not bring them back.

CREATE TABLE erased_users (
    digest     BLOB PRIMARY KEY,
    digest_key BLOB NOT NULL,
    erased_at  INTEGER NOT NULL -- seconds since 1970
) STRICT, WITHOUT ROWID;
