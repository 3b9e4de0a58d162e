//! Reads and checks the array of all authorities.

use std::collections::BTreeSet;

use ::config::{Value, ValueKind};

use super::{AuthorityKind, ConfiguredAuthority, NewUsers, PasswordOwner};
use crate::config::error::deserialize;
use crate::config::{ConfigError, key};

/// The name of the array.
const SECTION: &str = "authorities";
/// The maximum number of characters of a name.
const LONGEST_NAME: usize = 64;
/// The word for users who belong to no authority.
const LOCAL: &str = "local";

/// Converts the array `authorities`, which may be absent, and checks each of its tables and the files that they name. Fails
/// if it is no array of tables, or if a table is invalid.
pub(in crate::config) fn read(
    value: Option<Value>,
) -> Result<Vec<ConfiguredAuthority>, ConfigError> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let ValueKind::Array(items) = value.kind else {
        return Err(not_tables(SECTION));
    };
    let mut all = Vec::new();
    let mut names = BTreeSet::new();
    for (index, item) in items.into_iter().enumerate() {
        let section = format!("{SECTION}[{index}]");
        let authority = read_one(&section, item)?;
        authority.check(&section)?;
        if !names.insert(authority.name.to_ascii_lowercase()) {
            let reason = "another authority has this name: expected a different one";
            return Err(ConfigError::new(key::join(&section, "name"), reason));
        }
        all.push(authority);
    }
    Ok(all)
}

/// Returns the error that there are no tables. Environment variables are text, and have no place in the order.
fn not_tables(section: &str) -> ConfigError {
    let reason = "expected [[authorities]] in a file: environment variables cannot set authorities";
    ConfigError::new(section, reason)
}

/// Converts one table. Fails if a key is unknown, missing or has another type.
fn read_one(section: &str, value: Value) -> Result<ConfiguredAuthority, ConfigError> {
    let ValueKind::Table(table) = &value.kind else {
        return Err(not_tables(section));
    };
    for (name, expected) in [("name", NAME), ("kind", AuthorityKind::EXPECTED)] {
        if !table.contains_key(name) {
            return Err(ConfigError::new(key::join(section, name), expected));
        }
    }
    deserialize(section, value)
}

const NAME: &str = "expected a name of 1 to 64 letters a to z, digits and any of - _ . like corp";

impl ConfiguredAuthority {
    /// Fails if settings contradict each other, or if the authority cannot be built from them.
    fn check(&self, section: &str) -> Result<(), ConfigError> {
        let problem =
            |name: &str, reason: &str| Err(ConfigError::new(key::join(section, name), reason));
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let length = self.name.chars().count();
        if !(1..=LONGEST_NAME).contains(&length) || !self.name.chars().all(is_of_name) {
            return problem("name", NAME);
        }
        if self.name.eq_ignore_ascii_case(LOCAL) {
            return problem(
                "name",
                "local means users of no authority: expected another name",
            );
        }
        for (name, is_there, kind) in [
            ("ldap", self.ldap.is_some(), AuthorityKind::Ldap),
            ("http", self.http.is_some(), AuthorityKind::Http),
            ("oidc", self.oidc.is_some(), AuthorityKind::Oidc),
        ] {
            if is_there && kind != self.kind {
                let own = self.kind.name();
                let reason =
                    format!("expected only the table [authorities.{own}] for kind = \"{own}\"");
                return problem(name, &reason);
            }
        }
        if self.mode == PasswordOwner::Adopt {
            for (name, span) in [
                ("trust", self.trust),
                ("trust_while_unavailable", self.trust_while_unavailable),
            ] {
                if !span.is_zero() {
                    let reason =
                        "expected 0s for mode = \"adopt\", which keeps the password for ever";
                    return problem(name, reason);
                }
            }
        }
        if !self.sync.is_zero() && self.kind != AuthorityKind::Ldap {
            let reason = "only kind = \"ldap\" can list its users: expected 0s";
            return problem("sync", reason);
        }
        match self.organisation.as_deref().map(str::trim) {
            Some("") => return problem("organisation", "expected the name of an organisation"),
            None if self.users == NewUsers::Create && !self.maps_organisations() => {
                let reason = "missing, expected the organisation of users who are created";
                return problem("organisation", reason);
            }
            Some(_) | None => {}
        }
        self.open(section).map(drop)
    }
}
