//! Users of files whose values are all text, such as CSV.

use std::collections::BTreeMap;

use secrecy::SecretString;
use uuid::Uuid;

use super::NewUser;
use crate::directory::rules;

/// The members of a user that a file of another format can set.
pub const FIELDS: [&str; 18] = [
    "id",
    "number",
    "user_name",
    "email",
    "first_name",
    "last_name",
    "image_url",
    "language",
    "role",
    "organisation",
    "default_unit",
    "units",
    "disabled",
    "password",
    "password_hash",
    "authority",
    "external_id",
    "totp_secret",
];

/// The text that clears a value. An empty one says nothing.
const CLEAR: &str = "\"\"";
/// The text that clears a list.
const EMPTY_LIST: &str = "[]";

/// What a file of another format says in other words than a directory file.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    /// The columns that are read, by field. Those named like a field need no entry.
    pub columns: BTreeMap<String, String>,
    /// Values for users of whom the file says nothing, by field.
    pub defaults: BTreeMap<String, String>,
    /// The roles of those who have a role or are in a group there, the most powerful counts.
    pub roles: Vec<(String, String)>,
}

impl Mapping {
    /// Returns the names in the mapping that are no fields.
    pub fn unknown_fields(&self) -> Vec<&str> {
        let named = self.columns.keys().chain(self.defaults.keys());
        let named = named.map(String::as_str);
        named.filter(|name| !FIELDS.contains(name)).collect()
    }

    /// Sets what the user does not have yet. Fails with a reason if a value is invalid.
    pub(super) fn fill(&self, user: &mut NewUser) -> Result<(), String> {
        for (field, text) in &self.defaults {
            if !has(user, field) {
                set(user, field, text)?;
            }
        }
        Ok(())
    }
}

/// Returns whether the user has a value for the field.
fn has(user: &NewUser, field: &str) -> bool {
    match field {
        "id" => user.id.is_some(),
        "number" => user.number.is_some(),
        "user_name" => !user.user_name.is_empty(),
        "email" => user.email.is_some(),
        "first_name" => user.first_name.is_some(),
        "last_name" => user.last_name.is_some(),
        "image_url" => user.image_url.is_some(),
        "language" => user.language.is_some(),
        "role" => user.role.is_some(),
        "organisation" => user.organisation.is_some(),
        "default_unit" => user.default_unit.is_some(),
        "units" => user.units.is_some(),
        "disabled" => user.disabled.is_some(),
        // Either of them is the password.
        "password" | "password_hash" => user.password.is_some() || user.password_hash.is_some(),
        "authority" => user.authority.is_some(),
        "external_id" => user.external_id.is_some(),
        "totp_secret" => user.totp_secret.is_some(),
        _ => false,
    }
}

/// Sets a field of a user to a text. An empty text says nothing. Fails with a reason if the text is no value of the
/// field, or if there is no such field.
pub(super) fn set(user: &mut NewUser, field: &str, text: &str) -> Result<(), String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(());
    }
    let text = if text == CLEAR { "" } else { text };
    let owned = || Some(text.to_owned());
    match field {
        "id" => {
            let id = Uuid::try_parse(text).map_err(|_| "id is not a GUID".to_owned())?;
            user.id = Some(id);
        }
        "number" => {
            let number = text
                .parse()
                .map_err(|_| "number is not a whole number".to_owned())?;
            user.number = Some(number);
        }
        "user_name" => text.clone_into(&mut user.user_name),
        "email" => user.email = owned(),
        "first_name" => user.first_name = owned(),
        "last_name" => user.last_name = owned(),
        "image_url" => user.image_url = owned(),
        "language" => user.language = Some(rules::stored_language(text)?),
        "role" => user.role = owned(),
        "organisation" => user.organisation = owned(),
        "default_unit" => user.default_unit = owned(),
        "units" => user.units = Some(list(text)),
        "disabled" => user.disabled = Some(truth(text)?),
        "password" => user.password = Some(SecretString::from(text)),
        "password_hash" => user.password_hash = owned(),
        "authority" => user.authority = owned(),
        "external_id" => user.external_id = owned(),
        "totp_secret" => user.totp_secret = Some(SecretString::from(text)),
        _ => return Err(format!("there is no field {field}")),
    }
    Ok(())
}

fn list(text: &str) -> Vec<String> {
    if text == EMPTY_LIST {
        return Vec::new();
    }
    let items = text.split(';').map(str::trim);
    let items = items.filter(|item| !item.is_empty());
    items.map(str::to_owned).collect()
}

fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("disabled is not true or false".to_owned()),
    }
}
