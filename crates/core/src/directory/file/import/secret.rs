//! Hashes the passwords and pass codes of a directory file, unless the stored hash already matches.

use std::collections::HashMap;

use isogloss_password::{NewPasswordError, Passwords};
use secrecy::SecretString;

use super::super::FileError;
use crate::directory::UserEntry;
use crate::directory::digest_keys::DigestKind;
use crate::directory::origin::Part;
use crate::directory::present::Present;
use crate::directory::wanted::{Precedence, Secret, SetHere, WantedUser};
use crate::error::StoreError;
use crate::names::stored_line;
use uuid::Uuid;

/// The stored users that a file is compared with.
pub(super) struct StoredUsers<'a> {
    present: &'a Present,
    users: HashMap<Uuid, &'a UserEntry>,
    precedence: Precedence,
}

impl<'a> StoredUsers<'a> {
    pub(super) fn of(present: &'a Present, precedence: Precedence) -> Self {
        let users = present.entries.users.iter();
        Self {
            present,
            users: users.map(|user| (user.id, user)).collect(),
            precedence,
        }
    }

    fn user(&self, user: &WantedUser) -> Option<&'a UserEntry> {
        let id = self
            .present
            .id_of(user.id, &user.user_name, user.linked())?;
        self.users.get(&id).copied()
    }
}

/// Hashes the secrets that a user's entry has in clear text, and returns the entry with the hashes. A clear text
/// that matches the stored hash becomes that hash. A password stays in clear text if the stored one will be kept
/// in any case. Fails if a secret cannot be set, or if the hashing pool is overloaded or unavailable.
pub(super) async fn hash_user_secrets(
    mut user: WantedUser,
    beside: &StoredUsers<'_>,
    passwords: &Passwords,
) -> Result<WantedUser, FileError> {
    let known = beside.user(&user);
    let entry = format!("user {}", user.user_name);
    if let Some(secret) = user.password.take() {
        let keeps_stored = known.is_some_and(|known| {
            let newer = user.generation > known.generation;
            let set_here = known.set_here.contains(&Part::Password);
            set_here && !newer && beside.precedence.passwords == SetHere::Keep
        });
        let hash = known.map(UserEntry::hash_or_empty);
        let place = SecretContext {
            entry: format!("{entry}, password"),
            known: hash,
            keeps_stored,
        };
        user.password = Some(hash_secret(secret, place, passwords).await?);
    }
    for card in user.access_cards.iter_mut().flatten() {
        let Some(secret) = card.pass_code.take() else {
            continue;
        };
        let forms = card
            .code_digest
            .map(|code| beside.present.open.forms(DigestKind::Card, code));
        let forms = forms.unwrap_or_default();
        let mut cards = known.into_iter().flat_map(|known| &known.access_cards);
        let identifiers = cards.clone().filter_map(|known| known.identifier.as_ref());
        let identifier = card.identifier.as_deref();
        let identifier = identifier.and_then(|one| stored_line(one, identifiers));
        let known = cards.find(|known| {
            let same_code = known.code_digest.is_some_and(|code| forms.contains(&code));
            same_code || (identifier.is_some() && known.identifier.as_ref() == identifier)
        });
        let place = SecretContext {
            entry: format!("{entry}, pass_code"),
            known: known.and_then(|known| known.pass_code_hash.as_deref()),
            keeps_stored: false,
        };
        card.pass_code = Some(hash_secret(secret, place, passwords).await?);
    }
    Ok(user)
}

/// The place of a secret.
struct SecretContext<'a> {
    entry: String,
    known: Option<&'a str>,
    /// Whether the stored hash stays, whatever the file contains.
    keeps_stored: bool,
}

async fn hash_secret(
    secret: Secret,
    place: SecretContext<'_>,
    passwords: &Passwords,
) -> Result<Secret, FileError> {
    let Secret::Clear(clear) = secret else {
        return Ok(secret);
    };
    let beside = place.known.map(str::to_owned);
    if let Some(known) = beside.as_ref().filter(|known| !known.is_empty()) {
        let fits = passwords.verify(clear.clone(), Some(known.clone())).await;
        if fits.map_err(StoreError::from)? {
            let hash = known.clone();
            return Ok(Secret::Hashed { hash, beside });
        }
    }
    if place.keeps_stored {
        return Ok(Secret::Clear(clear));
    }
    let hash = hash(place.entry, clear, passwords).await?;
    Ok(Secret::Hashed { hash, beside })
}

async fn hash(
    entry: String,
    clear: SecretString,
    passwords: &Passwords,
) -> Result<String, FileError> {
    passwords.hash(clear).await.map_err(|error| match error {
        NewPasswordError::Hashing(error) => FileError::Unavailable(error.into()),
        NewPasswordError::Invalid(error) => FileError::Password { entry, error },
    })
}
