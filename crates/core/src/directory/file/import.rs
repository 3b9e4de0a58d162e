//! Imports a directory file: checks every entry, hashes every secret, and applies all in one transaction.

mod entries;
mod link;
mod secret;
mod user;

use futures_util::{StreamExt as _, stream};
use isogloss_password::Passwords;

use self::entries::{dialect_faults, organisation, wanted_key};
use self::secret::{StoredUsers, hash_user_secrets};
use self::user::check_user;
use super::{File, FileError, digest_key_check, weak};
use crate::directory::merge::Changes;
use crate::directory::present::Present;
use crate::directory::wanted::Wanted;
use crate::directory::{Applied, Directory, EntryFault, EntryFaults, ImportError, Precedence};

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
    /// If entries are invalid, all of which are listed, or the directory is unavailable; nothing is changed then.
    pub async fn apply(
        &self,
        file: File,
        progress: impl Fn(Progress),
    ) -> Result<Applied, FileError> {
        let (wanted, _) = self.prepare(file, progress).await?;
        Ok(self.directory.apply(&wanted).await?)
    }

    /// Returns what [`apply`](Self::apply) would change now, entry by entry, and changes nothing.
    ///
    /// # Errors
    /// Like [`apply`](Self::apply).
    pub async fn preview(
        &self,
        file: File,
        progress: impl Fn(Progress),
    ) -> Result<Applied, FileError> {
        let (mut wanted, present) = self.prepare(file, progress).await?;
        wanted.lists_changes = true;
        Ok(Changes::of(&present, &wanted)?.applied)
    }

    /// Checks all entries and hashes their secrets. Returns them with the stored entries that they concern.
    async fn prepare(
        &self,
        file: File,
        progress: impl Fn(Progress),
    ) -> Result<(Wanted, Present), FileError> {
        let mut faults = digest_key_check::faults(&file, self.directory).await?;
        let weak = weak::found(&file);
        let (mut wanted, invalid) = checked_entries(file, self.passwords)?;
        wanted.precedence = self.precedence;
        faults.extend(invalid);
        if !faults.is_empty() {
            // Keys of users who are invalid would be faults with the same cause.
            wanted.keys.clear();
        }
        let present = self.directory.present(&wanted).await?;
        faults.extend(weak::faults(&weak, &present));
        match Changes::of(&present, &wanted) {
            Ok(_) => {}
            Err(ImportError::Entries(EntryFaults(more))) => faults.extend(more),
            Err(ImportError::Unavailable(error)) => return Err(error.into()),
        }
        if !faults.is_empty() {
            return Err(FileError::Entries(EntryFaults(faults)));
        }
        let wanted = hash_secrets(&present, self.passwords, wanted, progress).await?;
        Ok((wanted, present))
    }
}

/// Returns the entries of a file, each checked without comparing it with others or with the directory.
///
/// # Errors
/// If entries are invalid: all of them are listed.
pub fn check_entries(file: File, passwords: &Passwords) -> Result<Wanted, FileError> {
    let (wanted, faults) = checked_entries(file, passwords)?;
    if faults.is_empty() {
        return Ok(wanted);
    }
    Err(FileError::Entries(EntryFaults(faults)))
}

/// Returns the valid entries of a file, and the faults of the others. Fails if they cannot be checked.
fn checked_entries(
    file: File,
    passwords: &Passwords,
) -> Result<(Wanted, Vec<EntryFault>), FileError> {
    let mut faults = Faults(dialect_faults(&file));
    let mut users = Vec::with_capacity(file.users.len());
    for user in file.users {
        users.extend(faults.keep(check_user(user, passwords))?);
    }
    let mut keys = Vec::with_capacity(file.keys.len());
    for key in file.keys {
        keys.extend(faults.keep(wanted_key(key))?);
    }
    let organisations = file.organisations.into_iter().map(organisation);
    let wanted = Wanted {
        organisations: organisations.collect(),
        users,
        keys,
        revoked_keys: file.revoked_keys,
        digest_keys: file.digest_keys,
        erased_users: file.erased_users,
        ..Wanted::default()
    };
    Ok((wanted, faults.0))
}

/// The faults of a file so far.
struct Faults(Vec<EntryFault>);

impl Faults {
    /// Returns the result; `None`, and keeps the fault, if an entry is invalid. Fails with any other error.
    fn keep<T>(&mut self, result: Result<T, FileError>) -> Result<Option<T>, FileError> {
        match result.map_err(FileError::into_faults) {
            Ok(valid) => Ok(Some(valid)),
            Err(Ok(faults)) => {
                self.0.extend(faults);
                Ok(None)
            }
            Err(Err(error)) => Err(error),
        }
    }
}

/// Returns the entries of a file with hashed secrets, and reports progress after each user.
///
/// # Errors
/// If secrets cannot be hashed: all of them are listed. Also, before hashing, which takes long, if entries conflict with
/// the directory.
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
    let results: Vec<_> = stream::iter(std::mem::take(&mut wanted.users))
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
        .collect()
        .await;
    let mut faults = Faults(Vec::new());
    let mut users = Vec::with_capacity(results.len());
    for result in results {
        users.extend(faults.keep(result)?);
    }
    if !faults.0.is_empty() {
        return Err(FileError::Entries(EntryFaults(faults.0)));
    }
    wanted.users = users;
    wanted.sealed = true;
    Ok(wanted)
}
