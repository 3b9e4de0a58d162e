//! What an import or a synchronisation changes in an entry, for people.

use std::fmt;

use serde::Serialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::UserEntry;
use super::origin::Attribute;
use super::user_change::UserChange;

/// What an import or a synchronisation changes in an entry, or would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryChange {
    /// The entry, such as `user ada`.
    pub entry: String,
    /// Whether the entry is new.
    pub kind: ChangeKind,
    /// The identifier of the user; `None` for another entry.
    #[serde(skip)]
    pub user: Option<Uuid>,
    /// The name of the user's organisation.
    #[serde(skip)]
    pub organisation: Option<String>,
    /// What differs, in the order of a directory file.
    pub members: Vec<ChangedMember>,
}

/// Whether a changed entry is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Created,
    /// It exists and changes.
    Updated,
}

/// A value of an entry that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedMember {
    /// The name of the value in a directory file.
    pub name: &'static str,
    /// The value before and after; `None` for a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<(Json, Json)>,
}

impl EntryChange {
    /// Returns what changes in a user.
    pub(super) fn of_user(change: &UserChange) -> Self {
        let (known, entry) = (change.known.as_ref(), &change.entry);
        let mut members = Vec::new();
        let mut differs = |name, before: Json, after: Json| {
            if before != after {
                let values = Some((before, after));
                members.push(ChangedMember { name, values });
            }
        };
        let of = |attribute: Attribute, user: &UserEntry| json!(attribute.of(user));
        for attribute in Attribute::ALL {
            let before = known.map_or_else(|| nothing(&of(attribute, entry)), |k| of(attribute, k));
            differs(attribute.name(), before, of(attribute, entry));
        }
        let was_disabled = known.is_some_and(|known| known.disabled);
        differs("disabled", json!(was_disabled), json!(entry.disabled));
        let link = |user: &UserEntry| {
            let or_empty = |text: &Option<String>| json!(text.as_deref().unwrap_or_default());
            let adopted = json!(user.adopted);
            (
                or_empty(&user.authority),
                or_empty(&user.external_id),
                adopted,
            )
        };
        let before = known.map_or_else(|| (json!(""), json!(""), json!(false)), link);
        let after = link(entry);
        differs("authority", before.0, after.0);
        differs("external_id", before.1, after.1);
        differs("adopted", before.2, after.2);
        members.extend(changed_secrets(change).map(|name| ChangedMember { name, values: None }));
        Self {
            entry: format!("user {}", known.unwrap_or(entry).user_name),
            kind: match known {
                None => ChangeKind::Created,
                Some(_) => ChangeKind::Updated,
            },
            user: Some(entry.id),
            organisation: Some(entry.organisation.clone()),
            members,
        }
    }

    /// Returns the change of another entry, whose members are not listed.
    pub(super) fn of_other(entry: String, kind: ChangeKind) -> Self {
        Self {
            entry,
            kind,
            user: None,
            organisation: None,
            members: Vec::new(),
        }
    }

    /// Returns whether the user is disabled by the change (`Some(true)`), or enabled (`Some(false)`). `None` if it
    /// changes neither, or the user is new.
    pub fn disables(&self) -> Option<bool> {
        if self.kind == ChangeKind::Created {
            return None;
        }
        let mut members = self.members.iter();
        let state = members.find(|member| member.name == "disabled")?;
        state.values.as_ref().and_then(|(_, after)| after.as_bool())
    }

    /// Returns whether anything changes other than whether the user is disabled.
    pub fn edits(&self) -> bool {
        self.members.iter().any(|member| member.name != "disabled")
    }
}

/// Returns the empty value of the same type.
fn nothing(value: &Json) -> Json {
    match value {
        Json::String(_) => json!(""),
        Json::Array(_) => json!([]),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => Json::Null,
    }
}

/// Returns the names of what changes and is not shown.
fn changed_secrets(change: &UserChange) -> impl Iterator<Item = &'static str> {
    let (known, entry) = (change.known.as_ref(), &change.entry);
    let differs = |of: fn(&UserEntry) -> bool, same: fn(&UserEntry, &UserEntry) -> bool| match known
    {
        None => of(entry),
        Some(known) => !same(known, entry),
    };
    let of_new = [
        (
            "password",
            differs(
                |user| user.password_hash.is_some(),
                |one, other| one.password_hash == other.password_hash,
            ),
        ),
        (
            "totp_secret",
            differs(
                |user| user.totp_secret.is_some(),
                |one, other| one.totp_secret == other.totp_secret,
            ),
        ),
        ("recovery_codes", change.recovery_codes().next().is_some()),
        ("app_passwords", change.app_passwords().next().is_some()),
        (
            "access_cards",
            differs(
                |user| !user.access_cards.is_empty(),
                |one, other| one.access_cards == other.access_cards,
            ),
        ),
    ];
    let changed = of_new.into_iter();
    changed
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| name)
}

impl fmt::Display for EntryChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ChangeKind::Created => "create",
            ChangeKind::Updated => "update",
        };
        write!(f, "{kind} {}", self.entry)?;
        for (index, member) in self.members.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { ", " })?;
            match &member.values {
                None => f.write_str(member.name)?,
                Some((_, after)) if self.kind == ChangeKind::Created => {
                    write!(f, "{} {after}", member.name)?;
                }
                Some((before, after)) => write!(f, "{} {before} -> {after}", member.name)?,
            }
        }
        Ok(())
    }
}
