//! The scopes of tokens, by the role of the user and the dialect.

use isogloss_core::Role;
use serde_json::{Map, Value};

use crate::config::Introspection as Settings;
use crate::dialects;

/// The scopes of tokens, in the form of the claim `scope`.
pub(crate) struct ScopeTable(Vec<Row>);

struct Row {
    role: Role,
    dialect: &'static str,
    /// Scopes separated by spaces, each once.
    scopes: String,
}

impl ScopeTable {
    /// Creates the table of a configuration.
    pub(crate) fn new(settings: &Settings) -> Self {
        let rows = Role::ALL.into_iter().flat_map(|role| {
            let rows = dialects::names().into_iter().map(move |dialect| {
                let more = settings.dialect_scopes.get(dialect);
                let words = settings.scopes.of(role).split_ascii_whitespace();
                let more = more.map_or("", String::as_str).split_ascii_whitespace();
                let scopes = joined(words.chain(more));
                Row {
                    role,
                    dialect,
                    scopes,
                }
            });
            rows.collect::<Vec<_>>()
        });
        Self(rows.collect())
    }

    /// Returns the scopes of a token of that dialect whose user has that role, separated by spaces. `None` if it has
    /// none.
    pub(crate) fn scope(&self, role: Role, dialect: &str) -> Option<&str> {
        let mut rows = self.0.iter();
        let row = rows.find(|row| row.role == role && row.dialect == dialect)?;
        Some(row.scopes.as_str()).filter(|scopes| !scopes.is_empty())
    }

    /// Returns every scope that a token can have, each once.
    pub(super) fn all(&self) -> Vec<&str> {
        let mut all = Vec::new();
        for row in &self.0 {
            for scope in row.scopes.split(' ').filter(|scope| !scope.is_empty()) {
                if !all.contains(&scope) {
                    all.push(scope);
                }
            }
        }
        all
    }
}

/// Returns the scopes that the user has now and a JWT had when it was issued. `scope` are those of the user, separated by
/// spaces.
pub(super) fn common_scopes<'s>(
    scope: Option<&'s str>,
    of_jwt: &Map<String, Value>,
) -> Vec<&'s str> {
    let of_jwt = of_jwt.get("scope").and_then(Value::as_str);
    let of_jwt: Vec<_> = of_jwt.unwrap_or_default().split(' ').collect();
    let scopes = scope.unwrap_or_default().split(' ');
    scopes.filter(|scope| of_jwt.contains(scope)).collect()
}

/// Returns the words separated by spaces, each once.
pub(super) fn joined<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let mut text = String::new();
    for word in words {
        if text.split(' ').any(|known| known == word) {
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_the_scopes_of_its_role_and_its_dialect_each_once() {
        let mut settings = Settings::default();
        settings.scopes.linguist = "  read\tread ".to_owned();
        settings.scopes.project_manager = String::new();
        let more = ("memsource".to_owned(), "jobs read".to_owned());
        settings.dialect_scopes.extend([more]);
        let table = ScopeTable::new(&settings);
        for (role, dialect, expected) in [
            (Role::Linguist, "memsource", Some("read jobs")),
            (Role::Linguist, "bimplus", Some("read")),
            (Role::ProjectManager, "memsource", Some("jobs read")),
            (Role::ProjectManager, "bimplus", None),
            (Role::Admin, "bimplus", Some("read write admin")),
            (Role::Admin, "klingon", None),
        ] {
            assert_eq!(table.scope(role, dialect), expected, "{role:?} {dialect}");
        }
        assert_eq!(table.all(), ["read", "write", "admin", "jobs"]);
    }
}
