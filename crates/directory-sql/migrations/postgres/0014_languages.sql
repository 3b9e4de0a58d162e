-- The language that a user prefers in e-mails: a tag such as `de-AT`. NULL if it is not known. Gateways of the version
-- before this one name the columns that they read and write, so they leave it as it is.

ALTER TABLE users ADD COLUMN language text;

-- Replaced and not dropped: rights that were granted for the view stay.
CREATE OR REPLACE VIEW user_accounts AS
SELECT
    u.id, u.number, u.user_name, u.email, u.first_name, u.last_name, u.image_url, u.role,
    u.disabled, u.generation, u.password_hash, u.totp_secret,
    u.authority, u.external_id, u.adopted_at, u.accepted_at, u.last_login_at,
    o.id AS organisation_id,
    o.name AS organisation_name,
    u.default_unit AS own_default_unit,
    coalesce(u.default_unit, o.default_unit) AS default_unit,
    ARRAY(SELECT unit FROM user_units WHERE user_id = u.id) AS units,
    u.language
FROM users u
JOIN organisations o ON o.id = u.organisation_id;
