-- Users who belong to an authority (a system that judges their passwords), users without a password, and the last
-- login. No password is an empty `password_hash`: gateways of the version before this one let nobody in with it.
-- Moments are seconds since 1970.

ALTER TABLE users ADD COLUMN authority TEXT;
ALTER TABLE users ADD COLUMN external_id TEXT; -- the user there, as the authority spells it
ALTER TABLE users ADD COLUMN adopted_at INTEGER; -- from then on, our own hash alone judges the password
ALTER TABLE users ADD COLUMN accepted_at INTEGER; -- when the authority last accepted the password of the hash
ALTER TABLE users ADD COLUMN last_login_at INTEGER; -- at most a day too early

CREATE UNIQUE INDEX users_by_link ON users (external_id, authority) WHERE external_id IS NOT NULL;

-- What `accounts` has, and the columns above. Gateways of the version before this one read `accounts`.
CREATE VIEW user_accounts AS
SELECT
    u.id, u.number, u.user_name, u.email, u.first_name, u.last_name, u.image_url, u.role,
    u.disabled, u.generation, u.password_hash, u.totp_secret,
    u.authority, u.external_id, u.adopted_at, u.accepted_at, u.last_login_at,
    o.id AS organisation_id,
    o.name AS organisation_name,
    u.default_unit AS own_default_unit,
    coalesce(u.default_unit, o.default_unit) AS default_unit,
    (SELECT group_concat(unit, char(10)) FROM user_units WHERE user = u.id) AS units
FROM users u
JOIN organisations o ON o.id = u.organisation;
