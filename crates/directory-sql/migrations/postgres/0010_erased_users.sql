-- What is left of users who were erased, as keyed digests of their identifiers and of the names they
-- logged in by: an older file that is imported does not bring them back.

CREATE TABLE erased_users (
    digest     bytea PRIMARY KEY,
    digest_key bytea NOT NULL,
    erased_at  bigint NOT NULL -- seconds since 1970
);
