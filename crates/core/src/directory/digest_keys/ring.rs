//! The digest keys that are open, and the forms in which a digest may be stored.

use time::OffsetDateTime;

use super::seal::SealedKey;
use super::store::DigestReplacement;
use crate::directory::{DigestKey, DigestKeyId, KeyDigest, KeyEntry};
use crate::error::StoreError;
use crate::pepper::Pepper;

/// What a digest is of. The same text has another digest as another thing.
#[derive(Debug, Clone, Copy)]
pub enum DigestKind<'a> {
    /// The code of an access card.
    Card,
    /// An application key.
    Key {
        /// The realm that the key opens.
        realm: &'a str,
    },
}

impl<'a> DigestKind<'a> {
    /// A realm's key, or a card's code.
    pub fn of(realm: Option<&'a str>) -> Self {
        realm.map_or(Self::Card, |realm| Self::Key { realm })
    }
}

/// The digest keys of a directory.
#[derive(Default)]
pub struct KeyRing {
    /// By age. The last one that is in use is for new digests, at every process alike.
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
    /// `known` gives the keys that were opened earlier: their seals may be another pepper's by now.
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

    /// Whether it has the same keys, and they are open or not as those are.
    pub(in crate::directory) fn is_like(&self, other: &Self) -> bool {
        let ids = |ring: &Self| ring.open.iter().map(|key| key.id).collect::<Vec<_>>();
        ids(self) == ids(other) && self.unreadable == other.unreadable
    }

    /// Every form in which the digest may be stored, the likeliest first. One that is no plain digest is
    /// stored as it is.
    pub fn forms(&self, what: DigestKind<'_>, digest: KeyDigest) -> Vec<KeyDigest> {
        if digest.key().is_some() {
            return vec![digest];
        }
        let keyed = self.open.iter().rev();
        let keyed = keyed.map(|key| key.digest(what, &digest));
        keyed.chain([digest]).collect()
    }

    /// The form in which the digest is to be stored. Fails if there are keys and none of them opens: what
    /// was stored in another form could not be found again.
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

    /// The answer about what is not there in any form: that may be wrong while a key is not open.
    pub(in crate::directory) fn nothing_found<T>(&self) -> Result<Option<T>, StoreError> {
        match self.unreadable.first() {
            None => Ok(None),
            Some(id) => Err(StoreError::new(
                "directory",
                format_args!("no pepper of the configuration opens the digest key {id}"),
            )),
        }
    }

    /// The keys as operators see them, by age; `counts` says how many digests are stored under each.
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

    /// What the former identifier of an application key is stored as, under each key that is open.
    pub fn former_ids(&self, id: &str) -> Vec<[u8; 32]> {
        let id = id.to_ascii_lowercase();
        let stored = |key: &OpenKey| key.key.keyed(&[b"former id", id.as_bytes()]);
        self.open.iter().map(stored).collect()
    }

    /// Returns keyed digests of `parts` under all keys that are open, the newest key's first.
    pub(in crate::directory) fn digests_of(&self, parts: &[&[u8]]) -> Vec<KeyDigest> {
        let keys = self.open.iter().rev();
        keys.map(|key| KeyDigest::keyed(key.key.keyed(parts), key.id))
            .collect()
    }

    /// What is to be written so that a digest is stored in a new form, which must be a keyed one.
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
