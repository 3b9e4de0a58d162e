//! Card codes and application keys of a directory file that could be guessed.

use secrecy::{ExposeSecret as _, SecretString};

use super::{File, FileError, FileKey, NewCard};
use crate::directory::{Directory, KeyDigest, Snapshot};
use crate::strength::is_guessable;

const REFUSAL: &str = "can be guessed: take 16 random characters or more, or set allow_weak = true \
                       for one that is in use already";

impl File {
    /// Keys of these realms are public identifiers and no credentials: they may be weak.
    #[must_use]
    pub fn with_public_realms(mut self, realms: &[&'static str]) -> Self {
        self.public_realms = realms.to_vec();
        self
    }

    /// Names each card and key that stands in the file in clear text, can be guessed, and is not marked
    /// with `allow_weak`.
    pub fn guessable(&self) -> Vec<String> {
        let cards = self.users.iter().flat_map(|user| {
            let cards = user.access_cards.iter().zip(1..);
            let weak = cards.filter(|(card, _)| card.is_weak());
            weak.map(|(_, number)| format!("user {}, access card {number}", user.user_name))
        });
        let keys = self.keys.iter();
        let keys = keys.filter(|key| key.is_weak(&self.public_realms));
        let keys = keys.map(|key| format!("{} key {}", key.realm, key.label));
        cards.chain(keys).collect()
    }
}

/// Refuses what can be guessed, unless it is there already or is allowed by name.
pub(super) fn check(
    file: &File,
    present: &Snapshot,
    directory: &dyn Directory,
) -> Result<(), FileError> {
    let refused = |entry: String| FileError::Entry {
        entry,
        reason: REFUSAL.to_owned(),
    };
    for user in &file.users {
        let cards = user.access_cards.iter().zip(1..);
        for (card, number) in cards.filter(|(card, _)| card.is_weak()) {
            let known = present.users.iter().flat_map(|user| &user.access_cards);
            let mut known = known.filter_map(|card| card.code_digest);
            let forms = forms(card.code.as_ref(), None, directory);
            if !known.any(|known| forms.contains(&known)) {
                let entry = format!("user {}, access card {number}, code", user.user_name);
                return Err(refused(entry));
            }
        }
    }
    let weak = |key: &&FileKey| key.is_weak(&file.public_realms);
    for key in file.keys.iter().filter(weak) {
        let of_realm = present.keys.iter().filter(|known| known.realm == key.realm);
        let mut known = of_realm.map(|known| known.digest);
        let forms = forms(key.key.as_ref(), Some(&key.realm), directory);
        if !known.any(|known| forms.contains(&known)) {
            return Err(refused(format!("{} key {}", key.realm, key.label)));
        }
    }
    Ok(())
}

fn forms(
    text: Option<&SecretString>,
    realm: Option<&str>,
    directory: &dyn Directory,
) -> Vec<KeyDigest> {
    let digest = text.map(|text| KeyDigest::of(text.expose_secret()));
    digest.map_or_else(Vec::new, |digest| directory.forms(realm, digest))
}

impl NewCard {
    fn is_weak(&self) -> bool {
        !self.allow_weak && self.code.as_ref().is_some_and(weak)
    }
}

impl FileKey {
    fn is_weak(&self, public_realms: &[&str]) -> bool {
        let is_public = public_realms.contains(&self.realm.as_str());
        !self.allow_weak && !is_public && self.key.as_ref().is_some_and(weak)
    }
}

fn weak(text: &SecretString) -> bool {
    is_guessable(text.expose_secret())
}
