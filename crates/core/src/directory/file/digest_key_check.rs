//! Checks the digest keys of a directory file, and the digests that were made with them.

use std::collections::HashSet;

use super::{File, FileError};
use crate::directory::{Directory, EntryFault, KeyDigest};

/// Returns a fault for each digest key of the file that no configured pepper opens, and for each digest whose digest key
/// is missing: such a card or application key would never be accepted. Fails if the directory is unavailable.
pub(super) async fn faults(
    file: &File,
    directory: &dyn Directory,
) -> Result<Vec<EntryFault>, FileError> {
    let mut faults = Vec::new();
    let mut add = |entry: String, reason: &str| {
        faults.push(EntryFault {
            entry,
            reason: reason.to_owned(),
            user: None,
        });
    };
    let stored = directory.digest_keys().await?;
    let mut known: HashSet<_> = stored.iter().map(|key| key.id).collect();
    for key in &file.digest_keys {
        let mut seals = file.digest_keys.iter().filter(|seal| seal.id == key.id);
        if !known.contains(&key.id) && !seals.any(|seal| directory.opens(seal)) {
            add(
                format!("digest key {}", key.id),
                "is sealed under another pepper: give that one as tokens.previous_pepper, too",
            );
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
            add(entry, missing);
        }
    }
    let mut keys = file.erased_users.iter().filter_map(|digest| digest.key());
    if let Some(key) = keys.find(|key| !known.contains(key)) {
        add(format!("erased_users, {key}"), missing);
    }
    for key in file.keys.iter().filter(|key| is_missing(&key.digest)) {
        add(format!("{}, digest", key.entry()), missing);
    }
    Ok(faults)
}
