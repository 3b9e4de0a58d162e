//! The digests of a snapshot that is applied, in the form in which they are to be stored.

use std::collections::{HashMap, HashSet};

use time::OffsetDateTime;

use super::digest_keys::{Ring, What};
use super::rows::{Result, unusable};
use super::{KeyEntry, Snapshot};

/// The keys of a snapshot, in every form in which they may be stored.
pub(super) fn every_form(keys: &[KeyEntry], ring: &Ring) -> Vec<KeyEntry> {
    let forms = keys.iter().flat_map(|key| {
        let what = What::Key { realm: &key.realm };
        let forms = ring.forms(what, key.digest).into_iter();
        forms.map(|digest| KeyEntry {
            digest,
            ..key.clone()
        })
    });
    forms.collect()
}

/// Puts each digest into the form in which it is there already, or else into that of new ones.
pub(super) fn settle(
    wanted: &mut Snapshot,
    present: &Snapshot,
    ring: &Ring,
    now: OffsetDateTime,
) -> Result<()> {
    let keys: HashSet<_> = present
        .keys
        .iter()
        .map(|key| (key.realm.as_str(), key.digest))
        .collect();
    for key in &mut wanted.keys {
        let realm = key.realm.as_str();
        let is_present = |form: &_| keys.contains(&(realm, *form));
        let stored = ring.stored_beside(What::Key { realm }, key.digest, is_present, now);
        key.digest = stored.map_err(unusable)?;
    }
    let users: HashMap<_, _> = present.users.iter().map(|user| (user.id, user)).collect();
    for user in &mut wanted.users {
        let cards = users
            .get(&user.id)
            .map_or(&[][..], |user| &user.access_cards);
        for card in &mut user.access_cards {
            let Some(digest) = card.code_digest else {
                continue;
            };
            let is_present = |form: &_| cards.iter().any(|card| card.code_digest == Some(*form));
            let stored = ring.stored_beside(What::Card, digest, is_present, now);
            card.code_digest = Some(stored.map_err(unusable)?);
        }
        user.access_cards.sort();
    }
    Ok(())
}
