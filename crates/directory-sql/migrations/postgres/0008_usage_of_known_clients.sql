-- A client is known once a user has logged in with it: a key that it presented is not enough. And how
-- often clients presented tokens after their end.

UPDATE usage SET known = FALSE
WHERE (dialect, user_agent, network) NOT IN
      (SELECT dialect, user_agent, network FROM usage WHERE users <> '\x01'); -- an empty sketch

ALTER TABLE usage ADD COLUMN expired_tokens bigint NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN expired_calls bigint NOT NULL DEFAULT 0;
ALTER TABLE usage ADD COLUMN expired_youngest bigint; -- seconds since the token was issued
ALTER TABLE usage ADD COLUMN expired_oldest bigint;
