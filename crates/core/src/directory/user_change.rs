//! The difference between a user's entry before and after an import.

use std::collections::HashSet;

use super::origin::{Attribute, ImportedValues, Value};
use super::{AppPasswordEntry, Applied, KeyDigest, RecoveryCodeEntry, RevokedEntry, UserEntry};
use crate::names::login_form;
use crate::names::stored_login;

/// A user who is new or differs, or whose last imported values differ.
pub struct UserChange {
    /// The user after the import.
    pub entry: UserEntry,
    /// The stored user; `None` for a new one.
    pub known: Option<UserEntry>,
    /// Whether the file says that the values are older than the rules.
    pub exempt: bool,
    /// Whether the entry must be written.
    pub differs: bool,
    /// The imported values to remember; `None` if they are unchanged.
    pub origin: Option<ImportedValues>,
}

/// Returns whether a change ends the user's existing tokens: a new password, disabling, another second factor, one
/// application password less, another organisation, or one unit less.
pub(super) fn ends_tokens(entry: &UserEntry, known: &UserEntry) -> bool {
    let factor = entry.totp_secret.is_some() && entry.totp_secret != known.totp_secret;
    let app_password = gone(
        app_passwords_of(Some(known)),
        app_passwords_of(Some(entry)),
        |one| one.digest,
    );
    known.password_hash != entry.password_hash
        || (entry.disabled && !known.disabled)
        || factor
        || !app_password.is_empty()
        || known.organisation != entry.organisation
        || !units_of(known).all(|unit| units_of(entry).any(|left| left == unit))
}

/// Returns the user's own units, including the default one.
fn units_of(user: &UserEntry) -> impl Iterator<Item = &String> {
    user.units.iter().chain(&user.default_unit)
}

impl UserChange {
    /// Returns whether a known user gets another second factor, or loses it, so that the state of the old one is
    /// obsolete.
    pub fn replaces_second_factor(&self) -> bool {
        let known = self.known.as_ref();
        known.is_some_and(|known| known.totp_secret != self.entry.totp_secret)
    }

    /// Returns whether a known user loses the identifier at an authority, or gets another one. Users in one file may
    /// exchange theirs.
    pub fn replaces_link(&self) -> bool {
        let known = self.known.as_ref().and_then(UserEntry::link);
        known.is_some() && known != self.entry.link()
    }

    /// Returns the recovery codes that are new or differ.
    pub fn recovery_codes(&self) -> impl Iterator<Item = &RecoveryCodeEntry> {
        let known = self
            .known
            .as_ref()
            .and_then(|known| known.recovery_codes.as_ref());
        let known: HashSet<_> = known.into_iter().flatten().collect();
        let codes = self.entry.recovery_codes.iter().flatten();
        codes.filter(move |code| !known.contains(code))
    }

    /// Returns the digests of the recovery codes to delete.
    pub fn gone_recovery_codes(&self) -> Vec<KeyDigest> {
        let codes = |user: Option<&UserEntry>| {
            let codes = user.and_then(|user| user.recovery_codes.clone());
            codes.unwrap_or_default()
        };
        let (known, left) = (codes(self.known.as_ref()), codes(Some(&self.entry)));
        gone(&known, &left, |code| code.digest)
    }

    /// Returns the application passwords that are new or differ.
    pub fn app_passwords(&self) -> impl Iterator<Item = &AppPasswordEntry> {
        let known = app_passwords_of(self.known.as_ref());
        let known: HashSet<_> = known.iter().collect();
        let passwords = app_passwords_of(Some(&self.entry)).iter();
        passwords.filter(move |password| !known.contains(password))
    }

    /// Returns the digests of the application passwords to delete.
    pub fn gone_app_passwords(&self) -> Vec<KeyDigest> {
        let left = app_passwords_of(Some(&self.entry));
        gone(app_passwords_of(self.known.as_ref()), left, |one| {
            one.digest
        })
    }

    /// Returns the revoked application passwords that the directory does not know yet.
    pub fn revoked_app_passwords(&self) -> impl Iterator<Item = &RevokedEntry> {
        let known = revoked_of(self.known.as_ref());
        let revoked = self.entry.revoked_app_passwords.iter();
        revoked.filter(move |one| known.iter().all(|known| known.digest != one.digest))
    }

    /// Returns the digests of the application passwords that are no longer revoked.
    pub fn good_again(&self) -> Vec<KeyDigest> {
        let left = &self.entry.revoked_app_passwords;
        gone(revoked_of(self.known.as_ref()), left, |one| one.digest)
    }

    /// Returns the digests of the hashes that the password's hash has replaced; empty if the import leaves the
    /// hash as it is.
    pub fn replaced_hashes(&self) -> &[KeyDigest] {
        let known = self.known.as_ref();
        let same = known.is_some_and(|known| known.password_hash == self.entry.password_hash);
        if same {
            &[]
        } else {
            &self.entry.replaced_hashes
        }
    }

    /// Returns whether the stored user already has this login name.
    pub(super) fn had_login(&self, login: &str) -> bool {
        let mut known = self.known.iter().flat_map(UserEntry::logins);
        known.any(|known| known == login)
    }

    /// Returns the user name that the last import gave the user, in the form that is compared.
    pub fn imported_name(&self) -> String {
        let said = self.entry.imported.get(&Attribute::UserName);
        match said {
            Some(Value::Text(name)) => login_form(name),
            Some(Value::Number(_) | Value::List(_)) | None => login_form(&self.entry.user_name),
        }
    }
}

fn revoked_of(user: Option<&UserEntry>) -> &[RevokedEntry] {
    user.map_or(&[], |user| &user.revoked_app_passwords)
}

fn app_passwords_of(user: Option<&UserEntry>) -> &[AppPasswordEntry] {
    let listed = user.and_then(|user| user.app_passwords.as_deref());
    listed.unwrap_or_default()
}

fn gone<T>(known: &[T], wanted: &[T], digest: impl Fn(&T) -> KeyDigest) -> Vec<KeyDigest> {
    let wanted: HashSet<_> = wanted.iter().map(&digest).collect();
    let known = known.iter().map(digest);
    known.filter(|known| !wanted.contains(known)).collect()
}

impl UserEntry {
    /// Returns the user's login names as they are stored: the user name, and the e-mail address if there is one
    /// that differs from it.
    pub fn logins(&self) -> impl Iterator<Item = String> + use<> {
        let name = stored_login(&self.user_name);
        let email = self.email.as_deref().map(stored_login);
        let email = email.filter(|email| *email != name && !email.is_empty());
        std::iter::once(name).chain(email)
    }
}

/// Counts an entry as created, updated or unchanged. Returns whether it must be written.
pub(super) fn count<T: PartialEq>(applied: &mut Applied, known: Option<&T>, entry: &T) -> bool {
    let counter = match known {
        None => &mut applied.created,
        Some(known) if known == entry => &mut applied.unchanged,
        Some(_) => &mut applied.updated,
    };
    *counter += 1;
    known != Some(entry)
}
