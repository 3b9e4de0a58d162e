//! Checks the organisations and keys of a directory file.

use secrecy::ExposeSecret as _;
use time::{OffsetDateTime, UtcOffset};

use super::super::{FileError, FileKey, FileOrganisation};
use crate::directory::rules;
use crate::directory::snapshot::ALL_SCOPES;
use crate::directory::wanted::{WantedKey, WantedOrganisation};
use crate::directory::{KeyDigest, Patch};
use crate::names::tidy;
use crate::scope::Scopes;

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
/// if its digest, label or scopes are invalid.
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
        Some(names) if *names == [ALL_SCOPES] => Some(Scopes::ALL),
        Some(names) => {
            let scopes = Scopes::named(&key.realm, names);
            Some(scopes.map_err(|error| wrong(&error.to_string()))?)
        }
    };
    Ok(WantedKey {
        digest,
        scopes,
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

/// Returns the timestamp in UTC, cut to the second, as it is stored. If it were not cut, applying a file twice
/// would change something.
pub(super) fn to_the_second(moment: OffsetDateTime) -> OffsetDateTime {
    let moment = moment.to_offset(UtcOffset::UTC);
    moment.replace_nanosecond(0).unwrap_or(moment)
}
