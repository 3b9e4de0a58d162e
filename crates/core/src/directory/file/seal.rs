//! From a directory file to the directory: every entry checked, every secret hashed, one
//! transaction.

mod context;
mod secret;
mod user;

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use secrecy::ExposeSecret;
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;

use self::context::Context;
use self::user::seal_user;
use super::{File, FileError, FileKey, FileOrganisation};
use super::{keyed, weak};
use crate::directory::{
    Applied, Directory, KeyDigest, KeyEntry, OrganisationEntry, Snapshot, UnitEntry, UserEntry,
    login_form,
};
use crate::password::Passwords;
use crate::scope::Scopes;

/// How far an import has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Users whose secrets are hashed.
    pub done: usize,
    /// Users in the file.
    pub total: usize,
}

/// Applies a directory file: all of it, or, if an entry makes no sense, nothing.
///
/// A user is known by the user name. A password in clear text that already fits is not hashed
/// anew, so applying a file twice changes nothing.
pub async fn import(
    directory: &dyn Directory,
    passwords: &Passwords,
    file: File,
    progress: impl Fn(Progress),
) -> Result<Applied, FileError> {
    let present = directory.snapshot().await?;
    keyed::check(&file, directory).await?;
    weak::check(&file, &present, directory)?;
    let sealed = seal(&present, passwords, file, progress).await?;
    Ok(directory.apply(&sealed).await?)
}

/// The entries of a file, checked and hashed, beside those that are there.
pub(crate) async fn seal(
    present: &Snapshot,
    passwords: &Passwords,
    file: File,
    progress: impl Fn(Progress),
) -> Result<Snapshot, FileError> {
    let organisations = file
        .organisations
        .into_iter()
        .map(|organisation| seal_organisation(organisation, present))
        .collect::<Result<Vec<_>, _>>()?;
    let context = Context::new(present, &organisations, &file.users);
    context.check_unique(&file.users)?;

    let total = file.users.len();
    let mut numbers = context.free_numbers();
    let numbered: Vec<_> = file
        .users
        .into_iter()
        .map(|user| {
            let number = context.number_of(&user).or_else(|| numbers.next());
            (user, number.unwrap_or(i64::MAX))
        })
        .collect();
    let users: Vec<_> = stream::iter(numbered)
        .map(|(user, number)| seal_user(user, number, &context, passwords))
        .buffered(passwords.threads())
        .enumerate()
        .map(|(index, user)| {
            progress(Progress {
                done: index + 1,
                total,
            });
            user
        })
        .try_collect()
        .await?;
    let keys = seal_keys(file.keys, &present.users, &users)?;
    Ok(Snapshot {
        organisations,
        users,
        keys,
        digest_keys: file.digest_keys,
    })
}

fn seal_organisation(
    organisation: FileOrganisation,
    present: &Snapshot,
) -> Result<OrganisationEntry, FileError> {
    let known = present
        .organisations
        .iter()
        .find(|known| known.name == organisation.name);
    let id = organisation
        .id
        .or(known.map(|known| known.id))
        .unwrap_or_else(Uuid::new_v4);
    let mut units: Vec<_> = organisation
        .units
        .into_iter()
        .map(|unit| UnitEntry {
            id: unit.id,
            name: unit.name,
        })
        .collect();
    // Units are not removed: users may be in them.
    let present = known.map_or(&[][..], |known| &known.units);
    let left_out = |unit: &&UnitEntry| units.iter().all(|listed| listed.id != unit.id);
    let left_out: Vec<_> = present.iter().filter(left_out).cloned().collect();
    units.extend(left_out);
    units.sort_by(|one, other| one.id.cmp(&other.id));
    let missing = organisation
        .default_unit
        .as_ref()
        .filter(|default| units.iter().all(|unit| unit.id != **default));
    if let Some(missing) = missing {
        return Err(FileError::Entry {
            entry: format!("organisation {}", organisation.name),
            reason: format!("the default unit {missing} is not among its units"),
        });
    }
    Ok(OrganisationEntry {
        id,
        name: organisation.name,
        default_unit: organisation.default_unit,
        units,
    })
}

/// As it is stored, or applying a file twice would change something.
fn to_the_second(moment: OffsetDateTime) -> OffsetDateTime {
    let moment = moment.to_offset(UtcOffset::UTC);
    moment.replace_nanosecond(0).unwrap_or(moment)
}

fn seal_keys(
    keys: Vec<FileKey>,
    present: &[UserEntry],
    sealed: &[UserEntry],
) -> Result<Vec<KeyEntry>, FileError> {
    let names: HashMap<_, _> = present
        .iter()
        .chain(sealed)
        .flat_map(|user| {
            let logins = std::iter::once(&user.user_name).chain(&user.email);
            logins.map(|login| (login_form(login), &user.user_name))
        })
        .collect();
    let seal = |key: FileKey| {
        let wrong = |reason: &str| FileError::Entry {
            entry: format!("{} key {}", key.realm, key.label),
            reason: reason.to_owned(),
        };
        let digest = match (&key.key, &key.digest) {
            (Some(text), None) => KeyDigest::of(text.expose_secret()),
            (None, Some(digest)) => {
                KeyDigest::read(digest).map_err(|_| wrong("digest is not 64 hexadecimal digits"))?
            }
            _ => return Err(wrong("needs either key or digest")),
        };
        let user = match &key.user {
            None => None,
            Some(user) => match names.get(&login_form(user)) {
                Some(name) => Some((*name).clone()),
                None => return Err(wrong(&format!("there is no user {user}"))),
            },
        };
        let scopes = match &key.scopes {
            None => Scopes::ALL,
            Some(names) => {
                Scopes::named(&key.realm, names).map_err(|error| wrong(&error.to_string()))?
            }
        };
        Ok(KeyEntry {
            realm: key.realm,
            label: key.label,
            digest,
            user,
            scopes,
            expires_at: key.expires_at.map(to_the_second),
        })
    };
    keys.into_iter().map(seal).collect()
}
