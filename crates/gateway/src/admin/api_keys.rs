//! Keys of applications: creates, lists and revokes them.

mod listing;

use data_encoding::BASE32_NOPAD;
use isogloss_core::audit::{Event, EventKind};
use isogloss_core::directory::{KeyDigest, KeyEntry, tidy_label};
use isogloss_core::{KeyLimits, Scopes, StoreError, is_guessable};
use secrecy::{ExposeSecret as _, SecretString};
use time::OffsetDateTime;

pub(crate) use self::listing::{
    ApiKeyView, KeyFilter, KeyPage, format_key_cursor, parse_key_cursor,
};
use super::{AdminError, AdminService, event};
use crate::dialects;

/// Length of a random key: 200 bits, or 40 letters and digits.
const RANDOM_BYTES: usize = 25;
const MIN_LENGTH: usize = 16;
const MAX_LENGTH: usize = 200;
/// Minimum number of digits of an identifier that name a key.
const MIN_ID_LENGTH: usize = 6;

/// Returns the realms for which keys can be created: `admin`, `introspection` and every dialect.
pub(crate) fn realms() -> Vec<&'static str> {
    let mut realms = vec!["admin", "introspection"];
    realms.extend(dialects::names());
    realms
}

/// A new key.
pub(crate) struct NewKey {
    pub(crate) realm: String,
    pub(crate) label: String,
    /// The user that the key acts as.
    pub(crate) user: Option<String>,
    /// Default: all rights of the realm.
    pub(crate) scopes: Option<Vec<String>>,
    /// The dialects to which the key is bound. Default: all.
    pub(crate) dialects: Option<Vec<String>>,
    /// The audiences to which the key is bound. Default: all.
    pub(crate) audiences: Option<Vec<String>>,
    pub(crate) expires_at: Option<OffsetDateTime>,
    /// Its text; a random one, if none is given.
    pub(crate) text: Option<SecretString>,
    /// Whether the text may be one that can be guessed.
    pub(crate) allow_weak: bool,
}

impl NewKey {
    /// Returns the rights of the key. Fails with `Malformed` if they are not rights of its realm, or if there is no
    /// such dialect.
    fn scopes(&self) -> Result<Scopes, AdminError> {
        let scopes = match &self.scopes {
            None => Scopes::ALL,
            Some(names) => Scopes::named(&self.realm, names).map_err(malformed)?,
        };
        let (dialects, audiences) = (self.dialects.clone(), self.audiences.clone());
        let limits = KeyLimits::new(&self.realm, dialects, audiences).map_err(malformed)?;
        let mut dialects = limits.dialects().unwrap_or_default().iter();
        let known = dialects::names();
        if let Some(unknown) = dialects.find(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            return Err(malformed(format_args!(
                "{unknown}: no such dialect, expected one of {known}"
            )));
        }
        Ok(scopes.with_limits(limits))
    }
}

/// The rights of the caller that creates keys. No new key may have more.
#[derive(Clone)]
pub(crate) struct Rights {
    pub(crate) scopes: Scopes,
    pub(crate) expires_at: Option<OffsetDateTime>,
}

impl Rights {
    /// All rights: an operator of the machine.
    pub(crate) const ALL: Self = Self {
        scopes: Scopes::ALL,
        expires_at: None,
    };

    /// Returns whether the holder of these rights may create `key`: the key has no scope that the rights lack, and
    /// expires no later than they do. Only the holder of all scopes may create a key of another realm than `admin`.
    fn allow(&self, key: &KeyEntry) -> bool {
        let end = match (self.expires_at, key.expires_at) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(wanted)) => wanted <= own,
        };
        // Keys of other realms open what no scope of the realm admin is about.
        let scopes =
            self.scopes.are_all() || (key.realm == "admin" && key.scopes.are_within(&self.scopes));
        end && scopes
    }
}

impl AdminService {
    /// Returns all keys, by realm and label. Fails if the directory is unreachable.
    pub(crate) async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError> {
        self.directory.keys().await
    }

    /// Creates a key, and returns its text, which is not stored, and its entry.
    ///
    /// # Errors
    /// `Malformed` for an invalid text, label, realm, scope, dialect or audience, `Forbidden` if the key would have
    /// more rights than `rights`, `NotFound` for an unknown user, `Conflict` if the label or the text is in use,
    /// `Unavailable` if the directory is unreachable.
    pub(crate) async fn add_key(
        &self,
        new: NewKey,
        rights: &Rights,
    ) -> Result<(SecretString, KeyEntry), AdminError> {
        let scopes = new.scopes()?;
        let text = match new.text {
            Some(text) => check_text(text, new.allow_weak || is_public(&new.realm))?,
            None => random_text()?,
        };
        let key = KeyEntry {
            digest: KeyDigest::of(text.expose_secret()),
            scopes,
            realm: new.realm,
            label: tidy_label(&new.label).map_err(malformed)?,
            user: new.user,
            expires_at: new
                .expires_at
                .map(|time| time.replace_nanosecond(0).unwrap_or(time)),
        };
        if !realms().contains(&key.realm.as_str()) {
            let realms = realms().join(", ");
            return Err(malformed(format_args!(
                "{}: no such realm, expected one of {realms}",
                key.realm
            )));
        }
        if key.label.is_empty() {
            return Err(malformed("the label is empty"));
        }
        if !rights.allow(&key) {
            let reason =
                "a key cannot have more rights or a later expiry than the key that creates it";
            return Err(AdminError::Forbidden(reason.to_owned()));
        }
        self.add(key).await.map(|key| (text, key))
    }

    async fn add(&self, mut key: KeyEntry) -> Result<KeyEntry, AdminError> {
        let user = match &key.user {
            None => None,
            Some(name) => {
                let account = self.directory.account(name).await?;
                let missing = || AdminError::NotFound(format!("{name}: no such user"));
                Some(account.ok_or_else(missing)?.user)
            }
        };
        key.user = user.as_ref().map(|user| user.user_name.clone());
        let same_name = |known: &KeyEntry| known.realm == key.realm && known.label == key.label;
        if self.keys().await?.iter().any(same_name) {
            let reason = format!(
                "a key {} of the realm {} already exists",
                key.label, key.realm
            );
            return Err(AdminError::Conflict(reason));
        }
        let about_key = |key: &KeyEntry| {
            let event = about(EventKind::AddKey, key);
            match &user {
                Some(user) => event.about(user),
                None => event,
            }
        };
        match self.directory.add_key(&key).await {
            Ok(Some(key)) => {
                self.record(about_key(&key));
                Ok(key)
            }
            Ok(None) => {
                let reason = format!("the realm {} already has this key", key.realm);
                Err(AdminError::Conflict(reason))
            }
            Err(error) => self.record_change(about_key(&key), Err(error)),
        }
    }

    /// Revokes the key that has `name` as its label, or whose identifier starts with it, and returns the entry.
    ///
    /// # Errors
    /// `NotFound` if there is no such key in `realm`, `Conflict` if `name` matches several keys, `Unavailable`
    /// if the directory is unreachable.
    pub(crate) async fn revoke_key(
        &self,
        name: &str,
        realm: Option<&str>,
    ) -> Result<KeyEntry, AdminError> {
        let keys = self.keys().await?;
        let of_realm = keys
            .into_iter()
            .filter(|key| realm.is_none_or(|realm| key.realm == realm));
        let (named, others): (Vec<_>, Vec<_>) = of_realm.partition(|key| key.label == name);
        let digits = name.to_ascii_lowercase();
        let is_id =
            name.len() >= MIN_ID_LENGTH && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let identified = others
            .into_iter()
            .filter(|key| is_id && key.digest.hex().starts_with(&digits));
        let mut meant = named.into_iter().chain(identified);
        let missing = || AdminError::NotFound(format!("{name}: no such key"));
        let key = match meant.next() {
            Some(key) => key,
            None if is_id => self
                .find_by_former_id(&digits, realm)
                .await?
                .ok_or_else(missing)?,
            None => return Err(missing()),
        };
        if let Some(other) = meant.next() {
            let (one, other) = (full_name(&key), full_name(&other));
            return Err(AdminError::Conflict(format!(
                "{name} matches {one} and {other}: give the realm or the identifier"
            )));
        }
        let removed = self.directory.remove_key(&key.realm, key.digest).await;
        if let Ok(false) = removed {
            return Err(missing());
        }
        self.record_change(about(EventKind::RevokeKey, &key), removed)?;
        Ok(key)
    }
}

impl AdminService {
    /// Returns the key that had this whole identifier while its digest was plain, or `None` if there is none in
    /// `realm`. Fails if the directory is unreachable.
    async fn find_by_former_id(
        &self,
        id: &str,
        realm: Option<&str>,
    ) -> Result<Option<KeyEntry>, StoreError> {
        let key = self.directory.key_of_former_id(id).await?;
        Ok(key.filter(|key| realm.is_none_or(|realm| key.realm == realm)))
    }
}

fn about(kind: EventKind, key: &KeyEntry) -> Event {
    Event {
        target: Some(full_name(key)),
        ..event(kind)
    }
}

/// Returns realm, identifier and label of a key, for messages and audit events.
fn full_name(key: &KeyEntry) -> String {
    format!("{} key {} {}", key.realm, key.id(), key.label)
}

fn malformed(reason: impl std::fmt::Display) -> AdminError {
    AdminError::Malformed(reason.to_string())
}

/// Returns a random text for a key. Fails if the system has no random numbers.
fn random_text() -> Result<SecretString, AdminError> {
    let mut bytes = [0; RANDOM_BYTES];
    let filled = getrandom::fill(&mut bytes);
    filled.map_err(|error| StoreError::new("random numbers", error))?;
    Ok(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase().into())
}

/// Returns whether keys of that realm are public identifiers of applications rather than credentials.
fn is_public(realm: &str) -> bool {
    dialects::public_key_realms().contains(&realm)
}

/// Returns the text if it can be the text of a key. Fails with `Malformed` if it is too short, too long or not
/// printable ASCII, or can be guessed although `may_be_weak` is false.
fn check_text(text: SecretString, may_be_weak: bool) -> Result<SecretString, AdminError> {
    let bytes = text.expose_secret().as_bytes();
    let fits = (MIN_LENGTH..=MAX_LENGTH).contains(&bytes.len());
    if fits && bytes.iter().all(u8::is_ascii_graphic) {
        if !may_be_weak && is_guessable(text.expose_secret()) {
            return Err(malformed(
                "the key can be guessed: create a random one, or allow a weak one that is in \
                 use already",
            ));
        }
        return Ok(text);
    }
    Err(malformed(
        "expected a key of 16 to 200 printable ASCII characters without spaces",
    ))
}

#[cfg(test)]
mod tests;
