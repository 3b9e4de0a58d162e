-- What a key may do in its realm, as names of scopes with spaces between them: all, if nothing is said.

ALTER TABLE keys ADD COLUMN scopes TEXT;
ALTER TABLE keys ADD COLUMN expires_at INTEGER; -- seconds since 1970
