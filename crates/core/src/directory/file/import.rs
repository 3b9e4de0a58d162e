//! Imports a directory file: checks every entry, hashes every secret, and applies all in one transaction.

mod entries;
mod link;
mod secret;
mod user;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use isogloss_password::Passwords;

use self::entries::{check_dialects, organisation, wanted_key};
use self::secret::{StoredUsers, hash_user_secrets};
use self::user::check_user;
use super::{File, FileError, digest_key_check, weak};
use crate::directory::merge::Changes;
use crate::directory::present::Present;
use crate::directory::wanted::Wanted;
use crate::directory::{Applied, Directory, Precedence};

/// The progress of an import.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// The number of users whose secrets are hashed.
    pub done: usize,
    /// The number of users in the file.
    pub total: usize,
}

/// Where and how directory files are applied.
pub struct Import<'a> {
    /// The directory to change.
    pub directory: &'a dyn Directory,
    /// The hasher of passwords and pass codes.
    pub passwords: &'a Passwords,
    /// The rule for values that were set here.
    pub precedence: Precedence,
}

/// Applies a directory file like [`Import::apply`], with the default [`Precedence`]: passwords and states that were
/// set here stay. Returns the numbers of changed entries.
///
/// # Errors
/// If an entry is invalid or the directory is unavailable; nothing is changed then.
pub async fn import(
    directory: &dyn Directory,
    passwords: &Passwords,
    file: File,
    progress: impl Fn(Progress),
) -> Result<Applied, FileError> {
    let import = Import {
        directory,
        passwords,
        precedence: Precedence::default(),
    };
    import.apply(file, progress).await
}

impl Import<'_> {
    /// Applies a directory file and returns the numbers of changed entries.
    ///
    /// A user is found by the user name. A password in clear text that matches the stored hash is not hashed again, so
    /// applying a file twice changes nothing. Within the transaction, the file is compared with the directory once
    /// more: what others have set while secrets were hashed stays.
    ///
    /// # Errors
    /// If an entry is invalid or the directory is unavailable; nothing is changed then.
    pub async fn apply(
        &self,
        file: File,
        progress: impl Fn(Progress),
    ) -> Result<Applied, FileError> {
        digest_key_check::check(&file, self.directory).await?;
        let weak = weak::found(&file);
        let mut wanted = check_entries(file, self.passwords)?;
        wanted.precedence = self.precedence;
        let present = self.directory.present(&wanted).await?;
        weak::check(&weak, &present)?;
        let wanted = hash_secrets(&present, self.passwords, wanted, progress).await?;
        Ok(self.directory.apply(&wanted).await?)
    }
}

/// Returns the entries of a file, each checked without comparing it with others or with the directory.
///
/// # Errors
/// If one is invalid.
pub fn check_entries(file: File, passwords: &Passwords) -> Result<Wanted, FileError> {
    check_dialects(&file)?;
    let users = file.users.into_iter();
    let users = users.map(|user| check_user(user, passwords));
    let keys = file.keys.into_iter().map(wanted_key);
    let organisations = file.organisations.into_iter().map(organisation);
    Ok(Wanted {
        organisations: organisations.collect(),
        users: users.collect::<Result<_, _>>()?,
        keys: keys.collect::<Result<_, _>>()?,
        revoked_keys: file.revoked_keys,
        digest_keys: file.digest_keys,
        erased_users: file.erased_users,
        ..Wanted::default()
    })
}

/// Returns the entries of a file with hashed secrets, and reports progress after each user.
///
/// # Errors
/// If a secret cannot be hashed. Also, before hashing, which takes long, if an entry conflicts with the directory.
pub async fn hash_secrets(
    present: &Present,
    passwords: &Passwords,
    mut wanted: Wanted,
    progress: impl Fn(Progress),
) -> Result<Wanted, FileError> {
    Changes::of(present, &wanted)?;
    let total = wanted.users.len();
    let precedence = wanted.precedence;
    let beside = StoredUsers::of(present, precedence);
    let users: Vec<_> = stream::iter(std::mem::take(&mut wanted.users))
        .map(|user| hash_user_secrets(user, &beside, passwords))
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
    wanted.users = users;
    wanted.sealed = true;
    Ok(wanted)
}
