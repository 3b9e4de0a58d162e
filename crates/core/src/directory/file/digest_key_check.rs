//! Checks the digest keys of a directory file, and the digests that were made with them.

use std::collections::HashSet;

use super::{File, FileError};
use crate::directory::{Directory, KeyDigest};

/// Fails if no configured pepper opens a digest key of the file, or if the digest key of a digest is missing: such
/// a card or application key would never be accepted. Also fails if the directory is unavailable.
pub(super) async fn check(file: &File, directory: &dyn Directory) -> Result<(), FileError> {
    let wrong = |entry: String, reason: &str| FileError::Entry {
        entry,
        reason: reason.to_owned(),
    };
    let stored = directory.digest_keys().await?;
    let mut known: HashSet<_> = stored.iter().map(|key| key.id).collect();
    for key in &file.digest_keys {
        let mut seals = file.digest_keys.iter().filter(|seal| seal.id == key.id);
        if !known.contains(&key.id) && !seals.any(|seal| directory.opens(seal)) {
            return Err(wrong(
                format!("digest key {}", key.id),
                "is sealed under another pepper: give that one as tokens.previous_pepper, too",
            ));
        }
        known.insert(key.id);
    }
    let is_missing = |digest: &Option<String>| {
        let digest = digest.as_ref().and_then(|text| KeyDigest::parse(text).ok());
        digest
            .and_then(KeyDigest::key)
            .is_some_and(|key| !known.contains(&key))
    };
    let missing = "is made with a digest key that is neither in the file nor in the directory";
    for user in &file.users {
        let mut cards = user.access_cards.iter().flatten();
        if cards.any(|card| is_missing(&card.code_digest)) {
            let entry = format!("user {}, access card, code_digest", user.user_name);
            return Err(wrong(entry, missing));
        }
    }
    let mut keys = file.erased_users.iter().filter_map(|digest| digest.key());
    if let Some(key) = keys.find(|key| !known.contains(key)) {
        return Err(wrong(format!("erased_users, {key}"), missing));
    }
    match file.keys.iter().find(|key| is_missing(&key.digest)) {
        Some(key) => Err(wrong(format!("{}, digest", key.entry()), missing)),
        None => Ok(()),
    }
}
