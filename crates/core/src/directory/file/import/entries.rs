//! Checks the organisations and keys of a directory file.

use secrecy::ExposeSecret as _;
use time::{OffsetDateTime, UtcOffset};

use super::super::{File, FileError, FileKey, FileOrganisation};
use crate::directory::rules;
use crate::directory::wanted::{WantedKey, WantedOrganisation};
use crate::directory::{EntryFault, KeyDigest, Patch};
use crate::key_limits::{ALL, KeyLimits};
use crate::names::tidy;
use crate::scope::Scopes;

impl File {
    /// Returns this file with these names as those of all dialects: an import refuses keys that are bound to
    /// another one. Without this call, it accepts any name.
    #[must_use]
    pub fn with_dialects(mut self, names: Vec<&'static str>) -> Self {
        self.known_dialects = Some(names);
        self
    }
}

/// Returns a fault for each key that is bound to a dialect that does not exist.
pub(super) fn dialect_faults(file: &File) -> Vec<EntryFault> {
    let Some(known) = &file.known_dialects else {
        return Vec::new();
    };
    let unknown = |key: &FileKey| {
        let bound_to = key.dialects.iter().flatten();
        let mut named = bound_to.filter(|name| *name != ALL);
        let unknown = named.find(|name| !known.contains(&name.as_str()))?;
        let known = known.join(", ");
        Some(EntryFault {
            entry: key.entry(),
            reason: format!("there is no dialect {unknown}, expected one of {known}"),
            user: None,
        })
    };
    file.keys.iter().filter_map(unknown).collect()
}

/// Returns the organisation as it should be stored, with tidied unit names.
pub(super) fn organisation(organisation: FileOrganisation) -> WantedOrganisation {
    let units = organisation.units.into_iter();
    WantedOrganisation {
        id: organisation.id,
        name: organisation.name,
        default_unit: setting(organisation.default_unit),
        units: units
            .map(|unit| (unit.id, unit.name.as_deref().map(tidy)))
            .collect(),
    }
}

/// Checks a key and returns it as it should be stored. Fails if it has neither or both of `key` and `digest`, or
/// if its digest, label, scopes or limits are invalid.
pub(super) fn wanted_key(key: FileKey) -> Result<WantedKey, FileError> {
    let wrong = |reason: &str| FileError::Entry {
        entry: key.entry(),
        reason: reason.to_owned(),
    };
    let digest = match (&key.key, &key.digest) {
        (Some(text), None) => KeyDigest::of(text.expose_secret()),
        (None, Some(digest)) => {
            KeyDigest::parse(digest).map_err(|_| wrong("digest is not 64 hexadecimal digits"))?
        }
        _ => return Err(wrong("needs either key or digest")),
    };
    let label = key.label.as_deref().map(rules::tidy_stored_label);
    let label = label.transpose().map_err(|reason| wrong(&reason))?;
    let scopes = match &key.scopes {
        None => None,
        Some(names) if *names == [ALL] => Some(Scopes::ALL),
        Some(names) => {
            let scopes = Scopes::named(&key.realm, names);
            Some(scopes.map_err(|error| wrong(&error.to_string()))?)
        }
    };
    let limits = KeyLimits::new(
        &key.realm,
        key.dialects.clone().filter(|names| *names != [ALL]),
        key.audiences.clone().filter(|names| *names != [ALL]),
    );
    limits.map_err(|error| wrong(&error.to_string()))?;
    Ok(WantedKey {
        digest,
        scopes,
        dialects: limit(key.dialects),
        audiences: limit(key.audiences),
        user: setting(key.user),
        expires_at: match key.expires_at {
            Patch::Keep => Patch::Keep,
            Patch::Remove => Patch::Remove,
            Patch::Set(moment) => Patch::Set(to_the_second(moment)),
        },
        realm: key.realm,
        label,
    })
}

/// Returns the change for an optional text: `None` keeps the stored value, an empty text removes it.
fn setting(text: Option<String>) -> Patch<String> {
    match text.map(|text| tidy(&text)) {
        None => Patch::Keep,
        Some(text) if text.is_empty() => Patch::Remove,
        Some(text) => Patch::Set(text),
    }
}

/// Returns the change for an optional list of dialects or audiences: `None` keeps the stored one, `all` removes it.
fn limit(names: Option<Vec<String>>) -> Patch<Vec<String>> {
    match names {
        None => Patch::Keep,
        Some(names) if names == [ALL] => Patch::Remove,
        Some(names) => Patch::Set(names),
    }
}

/// Returns the timestamp in UTC, cut to the second, as it is stored. If it were not cut, applying a file twice
/// would change something.
pub(super) fn to_the_second(moment: OffsetDateTime) -> OffsetDateTime {
    let moment = moment.to_offset(UtcOffset::UTC);
    moment.replace_nanosecond(0).unwrap_or(moment)
}
