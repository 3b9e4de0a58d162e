//! Recognises erased users in a file.

use super::{Merge, Outcome};
use crate::directory::erasure::ErasedIdentifier;
use crate::directory::origin::Attribute;
use crate::directory::wanted::{WantedKey, WantedUser};
use crate::directory::{KeyDigest, Patch};
use crate::error::StoreError;

impl Merge<'_> {
    /// Returns whether the entry is that of an erased user, recognised by the identifier, the user name, the
    /// e-mail address or the identifier at an authority. Fails if this cannot be decided because a digest key does not open.
    pub(super) fn was_erased(&self, wanted: &WantedUser) -> Outcome<bool> {
        let email = wanted.text(Attribute::Email);
        let email = email.filter(|email| !email.is_empty());
        let logins = [Some(wanted.user_name.as_str()), email];
        let logins = logins.into_iter().flatten().map(ErasedIdentifier::Login);
        let link = match (&wanted.link.authority, &wanted.link.external_id) {
            (Patch::Set(authority), Patch::Set(id)) => Some(ErasedIdentifier::Link(authority, id)),
            (Patch::Keep | Patch::Remove | Patch::Set(_), _) => None,
        };
        self.has_tombstone(
            logins
                .chain(link)
                .chain(wanted.id.map(ErasedIdentifier::Id)),
        )
    }

    /// Returns whether the application key acts as an erased user. Fails if this cannot be decided because a
    /// digest key does not open.
    pub(super) fn acts_as_erased(&self, wanted: &WantedKey) -> Outcome<bool> {
        match &wanted.user {
            Patch::Set(user) => self.has_tombstone([ErasedIdentifier::Login(user)].into_iter()),
            Patch::Keep | Patch::Remove => Ok(false),
        }
    }

    /// Returns the tombstones in the file that the directory does not have yet. Skips digests without a digest
    /// key, which cannot be compared with anything.
    pub(super) fn new_tombstones(&self) -> Vec<KeyDigest> {
        let brought = self.wanted.erased_users.iter().copied();
        let is_new = |digest: &KeyDigest| !self.present.erased.contains(digest);
        brought
            .filter(|digest| digest.key().is_some())
            .filter(is_new)
            .collect()
    }

    /// Returns whether there is a tombstone for one of the traces. Fails if there is none and a digest key does
    /// not open, because the tombstone may be made with it. Ignores keys that were removed: they can never be
    /// opened again.
    fn has_tombstone<'t>(
        &self,
        mut traces: impl Iterator<Item = ErasedIdentifier<'t>>,
    ) -> Outcome<bool> {
        let erased = &self.present.erased;
        if erased.is_empty() {
            return Ok(false);
        }
        let ring = self.present.open.ring();
        let has_one = |trace: ErasedIdentifier<'_>| {
            let digests = trace.digests(ring);
            digests.iter().any(|digest| erased.contains(digest))
        };
        if traces.any(has_one) {
            return Ok(true);
        }
        let mut keys = erased.iter().filter_map(|digest| digest.key());
        match keys.find(|key| ring.unreadable().contains(key)) {
            None => Ok(false),
            Some(id) => {
                let reason = format_args!(
                    "no pepper of the configuration opens the digest key {id}: whether the file \
                     has users who were erased cannot be told"
                );
                Err(StoreError::new("directory", reason).into())
            }
        }
    }
}
