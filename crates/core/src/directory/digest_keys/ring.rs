//! The digest keys of a directory, and the forms in which a digest may be stored.

use time::OffsetDateTime;

use super::seal::SealedKey;
use super::store::DigestReplacement;
use crate::directory::{DigestKey, DigestKeyId, KeyDigest, KeyEntry};
use crate::error::StoreError;
use crate::pepper::Pepper;

/// The kind of text that a digest is made from. The same text has different keyed digests as different kinds.
#[derive(Debug, Clone, Copy)]
pub enum DigestKind<'a> {
    /// The code of an access card.
    Card,
    /// An application key.
    Key {
        /// The realm of the key.
        realm: &'a str,
    },
}

impl<'a> DigestKind<'a> {
    /// Returns the kind for a realm's key, or for a card's code if there is no realm.
    pub fn of(realm: Option<&'a str>) -> Self {
        realm.map_or(Self::Card, |realm| Self::Key { realm })
    }
}

/// The digest keys of a directory, opened as far as possible.
#[derive(Default)]
pub struct KeyRing {
    /// By age. New digests use the last one whose `used_from` is not in the future, so all processes choose the
    /// same.
    open: Vec<OpenKey>,
    unreadable: Vec<DigestKeyId>,
}

struct OpenKey {
    id: DigestKeyId,
    used_from: OffsetDateTime,
    key: Pepper,
}

impl OpenKey {
    fn digest(&self, what: DigestKind<'_>, plain: &KeyDigest) -> KeyDigest {
        let plain = plain.as_bytes();
        let bytes = match what {
            DigestKind::Card => self.key.keyed(&[b"card", plain]),
            DigestKind::Key { realm } => self.key.keyed(&[b"key", realm.as_bytes(), plain]),
        };
        KeyDigest::keyed(bytes, self.id)
    }
}

impl KeyRing {
    /// Returns the ring of stored keys. A key is open if `open` opens it, or if it is open in `known`, a ring that
    /// was read earlier: the key may by now be sealed under another pepper. All other keys are unreadable.
    pub(super) fn of(
        stored: &[SealedKey],
        open: impl Fn(&SealedKey) -> Option<Pepper>,
        known: Option<&Self>,
    ) -> Self {
        let mut stored: Vec<_> = stored.iter().collect();
        stored.sort_by_key(|seal| (seal.made_at, seal.id));
        let mut ring = Self::default();
        for seals in stored.chunk_by(|one, other| one.id == other.id) {
            let Some(first) = seals.first() else { continue };
            let opened = seals.iter().find_map(|seal| open(seal));
            let opened = opened.or_else(|| known?.find(first.id).map(|known| known.key.clone()));
            match opened {
                None => ring.unreadable.push(first.id),
                Some(key) => ring.open.push(OpenKey {
                    id: first.id,
                    used_from: first.used_from,
                    key,
                }),
            }
        }
        ring
    }

    fn find(&self, id: DigestKeyId) -> Option<&OpenKey> {
        self.open.iter().find(|key| key.id == id)
    }

    fn in_use(&self, now: OffsetDateTime) -> Option<&OpenKey> {
        self.open.iter().rev().find(|key| key.used_from <= now)
    }

    pub(in crate::directory) fn unreadable(&self) -> &[DigestKeyId] {
        &self.unreadable
    }

    pub(super) fn is_open(&self, id: DigestKeyId) -> bool {
        self.find(id).is_some()
    }

    /// Returns whether both rings have the same open keys and the same unreadable ones.
    pub(in crate::directory) fn is_like(&self, other: &Self) -> bool {
        let ids = |ring: &Self| ring.open.iter().map(|key| key.id).collect::<Vec<_>>();
        ids(self) == ids(other) && self.unreadable == other.unreadable
    }

    /// Returns every form in which the digest may be stored, the likeliest first. A keyed digest has only its own
    /// form.
    pub fn forms(&self, what: DigestKind<'_>, digest: KeyDigest) -> Vec<KeyDigest> {
        if digest.key().is_some() {
            return vec![digest];
        }
        let keyed = self.open.iter().rev();
        let keyed = keyed.map(|key| key.digest(what, &digest));
        keyed.chain([digest]).collect()
    }

    /// Returns the form in which the digest must be stored.
    ///
    /// # Errors
    /// If there are digest keys and none of them opens: an entry that is stored in another form could not be found
    /// again.
    pub fn stored(
        &self,
        what: DigestKind<'_>,
        digest: KeyDigest,
        now: OffsetDateTime,
    ) -> Result<KeyDigest, StoreError> {
        if digest.key().is_some() {
            return Ok(digest);
        }
        if self.open.is_empty() {
            self.nothing_found::<()>()?;
        }
        Ok(self
            .in_use(now)
            .map_or(digest, |key| key.digest(what, &digest)))
    }

    /// Returns `None`, the result for an entry that was not found in any form. Fails if a digest key is not open,
    /// because the entry may be stored under that one.
    pub(in crate::directory) fn nothing_found<T>(&self) -> Result<Option<T>, StoreError> {
        match self.unreadable.first() {
            None => Ok(None),
            Some(id) => Err(StoreError::new(
                "directory",
                format_args!("no pepper of the configuration opens the digest key {id}"),
            )),
        }
    }

    /// Returns the keys as operators see them, ordered by age. `counts` contains the number of digests under each.
    pub(in crate::directory) fn described(
        &self,
        stored: &[SealedKey],
        counts: &[(DigestKeyId, i64)],
    ) -> Vec<DigestKey> {
        let firsts = stored.chunk_by(|one, other| one.id == other.id);
        let firsts = firsts.filter_map(|seals| seals.first());
        let describe = |seal: &SealedKey| DigestKey {
            id: seal.id,
            made_at: seal.made_at,
            used_from: seal.used_from,
            is_readable: self.is_open(seal.id),
            digests: counts
                .iter()
                .find(|(id, _)| *id == seal.id)
                .map_or(0, |(_, digests)| *digests),
        };
        firsts.map(describe).collect()
    }

    /// Returns the stored forms of an application key's former identifier, one under each open digest key. Empty
    /// if none is open.
    pub fn former_ids(&self, id: &str) -> Vec<[u8; 32]> {
        let id = id.to_ascii_lowercase();
        let stored = |key: &OpenKey| key.key.keyed(&[b"former id", id.as_bytes()]);
        self.open.iter().map(stored).collect()
    }

    /// Returns keyed digests of `parts` under all open keys, the newest key's first. Empty if none is open.
    pub(in crate::directory) fn digests_of(&self, parts: &[&[u8]]) -> Vec<KeyDigest> {
        let keys = self.open.iter().rev();
        keys.map(|key| KeyDigest::keyed(key.key.keyed(parts), key.id))
            .collect()
    }

    /// Returns the database change that stores a digest in a new form. `None` if that form is not a keyed one, or
    /// its digest key is not open.
    pub(super) fn renewal(
        &self,
        what: DigestKind<'_>,
        old: KeyDigest,
        new: KeyDigest,
    ) -> Option<DigestReplacement> {
        let key = self.find(new.key()?)?;
        let realm = match what {
            DigestKind::Card => None,
            DigestKind::Key { realm } => Some(realm.to_owned()),
        };
        let id = KeyEntry::id_of(old);
        let is_plain = old.key().is_none();
        Some(DigestReplacement {
            realm,
            old,
            new,
            key: key.id,
            former_id: is_plain.then(|| key.key.keyed(&[b"former id", id.as_bytes()])),
        })
    }

    pub(super) fn has_one_in_use(&self, now: OffsetDateTime) -> bool {
        self.in_use(now).is_some()
    }
}
