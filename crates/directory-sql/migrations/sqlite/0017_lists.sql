-- What lists of users and keys are filtered by, in the order in which they are listed.

CREATE INDEX users_by_organisation ON users (organisation, number);
CREATE INDEX users_by_role ON users (role, number);
CREATE INDEX users_by_authority ON users (authority, number) WHERE authority IS NOT NULL;
CREATE INDEX users_disabled ON users (number) WHERE disabled;
CREATE INDEX users_never_logged_in ON users (number) WHERE last_login_at IS NULL;
CREATE INDEX keys_by_label ON keys (realm, label, digest);
