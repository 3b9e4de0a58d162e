//! Lists the columns of statements by name.
//!
//! So a column that a later release adds to a table or view changes nothing for a statement that a running gateway
//! has prepared.

use sqlx::AssertSqlSafe;

/// The columns of the view `user_accounts`.
pub(crate) const ACCOUNT: &str = "a.id, a.number, a.user_name, a.email, a.first_name, a.last_name, a.image_url, a.role, a.disabled, \
     a.generation, a.password_hash, a.totp_secret, a.authority, a.external_id, a.adopted_at, \
     a.accepted_at, a.last_login_at, a.language, a.organisation_id, a.organisation_name, \
     a.own_default_unit, a.default_unit, a.units";

/// The columns of the table `usage`.
pub(crate) const USAGE: &str = "id, dialect, revision, endpoint, application, key_label, client, user_agent, network, known, \
     first_seen, last_seen, last_served, calls, refused, users, expired_tokens, expired_calls, \
     expired_youngest, expired_oldest";

/// The columns of the table `usage_days`.
pub(crate) const USAGE_DAYS: &str = "d.day, d.dialect, d.id, d.application, d.key_label, d.client, d.user_agent, d.network, \
     d.known, d.clients, d.calls, d.refused, d.logins, d.last_served, d.users";

/// The columns of a use by a user.
pub(crate) const USER_USES: &str = "u.id AS user_id, u.number, u.user_name, u.email, u.first_name, u.last_name, \
     o.name AS organisation_name, s.dialect, s.first_used_at, s.last_used_at, s.last_login_at, s.address, \
     s.client, s.user_agent";

/// Returns the statement that selects these columns. Both parts are constants, so no input gets into the SQL text.
pub(crate) fn select(columns: &'static str, rest: &'static str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("SELECT {columns}{rest}"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Adds the lines of the Rust files in a folder that select columns without naming them to `found`.
    fn unnamed(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                unnamed(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().filter(|line| {
                let all = ["SELECT *", "RETURNING *", "a.*", "c.*", "u.*", "k.*"];
                // The columns of `unnest` are defined by the statement itself.
                all.iter().any(|all| line.contains(all)) && !line.contains("FROM unnest(")
            });
            found.extend(lines.map(|line| format!("{}: {}", path.display(), line.trim())));
        }
    }

    #[test]
    fn every_statement_names_its_columns() {
        let mut found = Vec::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for folder in ["postgres", "sqlite"] {
            unnamed(&source.join(folder), &mut found);
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}
