-- What each login looks like: equal for logins that are read as one (the skeleton of UTS #39). NULL where
-- a release before this one wrote the row; it is filled in before the next user is added or renamed.

ALTER TABLE logins ADD COLUMN look text COLLATE "C";
CREATE INDEX logins_by_look ON logins (look);
CREATE INDEX logins_without_look ON logins (login) WHERE look IS NULL;
