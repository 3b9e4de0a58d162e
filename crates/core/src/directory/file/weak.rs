//! Finds card codes and application keys of a directory file that can be guessed.

use secrecy::{ExposeSecret as _, SecretString};

use super::{File, FileKey, NewCard};
use crate::directory::digest_keys::DigestKind;
use crate::directory::{EntryFault, KeyDigest, Present};
use crate::strength::is_guessable;

const REFUSAL: &str = "can be guessed: take 16 random characters or more, or set allow_weak = true \
                       for one that is in use already";

impl File {
    /// Returns this file with these realms as those whose keys are public identifiers and not credentials. Such
    /// keys may be guessable: [`guessable`](Self::guessable) does not return them, and an import accepts them.
    #[must_use]
    pub fn with_public_realms(mut self, realms: &[&'static str]) -> Self {
        self.public_realms = realms.to_vec();
        self
    }

    /// Returns a name for each card and key of the file that is given in clear text, can be guessed, and is not
    /// marked with `allow_weak`.
    pub fn guessable(&self) -> Vec<String> {
        let weak = found(self).into_iter();
        weak.map(|weak| weak.entry).collect()
    }
}

/// A card or key of a file that can be guessed.
pub(super) struct Weak {
    entry: String,
    /// `None` for a card.
    realm: Option<String>,
    digest: KeyDigest,
}

/// Returns the cards and keys of a file that can be guessed and are not marked with `allow_weak`.
pub(super) fn found(file: &File) -> Vec<Weak> {
    let cards = file.users.iter().flat_map(|user| {
        let cards = user.access_cards.iter().flatten().zip(1..);
        let weak = cards.filter(|(card, _)| card.is_weak());
        weak.filter_map(|(card, number)| {
            let entry = format!("user {}, access card {number}", user.user_name);
            Weak::of(entry, None, card.code.as_ref())
        })
    });
    let keys = file.keys.iter();
    let keys = keys.filter(|key| key.is_weak(&file.public_realms));
    let keys = keys.filter_map(|key| Weak::of(key.entry(), Some(&key.realm), key.key.as_ref()));
    cards.chain(keys).collect()
}

/// Returns a fault for each guessable card or key that the directory does not have already.
pub(super) fn faults(weak: &[Weak], present: &Present) -> Vec<EntryFault> {
    let refused = weak.iter().filter(|weak| !weak.is_in(present));
    let faults = refused.map(|weak| EntryFault {
        entry: match weak.realm {
            None => format!("{}, code", weak.entry),
            Some(_) => weak.entry.clone(),
        },
        reason: REFUSAL.to_owned(),
        user: None,
    });
    faults.collect()
}

impl Weak {
    fn of(entry: String, realm: Option<&str>, text: Option<&SecretString>) -> Option<Self> {
        Some(Self {
            entry,
            realm: realm.map(str::to_owned),
            digest: KeyDigest::of(text?.expose_secret()),
        })
    }

    fn is_in(&self, present: &Present) -> bool {
        let realm = self.realm.as_deref();
        let forms = present.open.forms(DigestKind::of(realm), self.digest);
        match realm {
            None => {
                let users = present.entries.users.iter();
                let mut cards = users.flat_map(|user| &user.access_cards);
                cards.any(|card| card.code_digest.is_some_and(|one| forms.contains(&one)))
            }
            Some(realm) => {
                let keys = present.entries.keys.iter();
                let keys = keys.map(|key| (&key.realm, key.digest));
                let revoked = present.entries.revoked_keys.iter();
                let revoked = revoked.map(|key| (&key.realm, key.digest));
                let mut known = keys.chain(revoked);
                known.any(|(of, digest)| of == realm && forms.contains(&digest))
            }
        }
    }
}

impl NewCard {
    fn is_weak(&self) -> bool {
        !self.allow_weak && self.code.as_ref().is_some_and(weak)
    }
}

impl FileKey {
    /// Returns the name of the key in messages: its realm and label.
    pub(super) fn entry(&self) -> String {
        let label = self.label.as_deref().unwrap_or_default();
        format!("{} key {label}", self.realm)
    }

    fn is_weak(&self, public_realms: &[&str]) -> bool {
        let is_public = public_realms.contains(&self.realm.as_str());
        !self.allow_weak && !is_public && self.key.as_ref().is_some_and(weak)
    }
}

fn weak(text: &SecretString) -> bool {
    is_guessable(text.expose_secret())
}
