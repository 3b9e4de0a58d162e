//! Merges access cards.

use std::collections::HashSet;

use super::secrets::SecretComparison;
use super::users::One;
use super::{Merge, Outcome, entry_error};
use crate::directory::digest_keys::DigestKind;
use crate::directory::wanted::{SetHere, WantedCard};
use crate::directory::{CardEntry, KeyDigest, UserEntry};
use crate::names::stored_line;

impl Merge<'_> {
    /// Replaces the user's cards with those of the file, if it lists any. A card is recognised by its code or
    /// identifier. Fails if a card is incomplete, or if a digest key that may be needed does not open.
    pub(super) fn merge_cards(&mut self, one: One<'_>, entry: &mut UserEntry) -> Outcome<()> {
        let One {
            label,
            wanted,
            known,
            ..
        } = one;
        let Some(cards) = &wanted.access_cards else {
            return Ok(());
        };
        let known = known.map_or(&[][..], |known| &known.access_cards);
        let cards = cards.iter().map(|card| self.as_stored(card, known));
        let cards = cards.collect::<Outcome<Vec<_>>>()?;
        let named = NamedCards {
            codes: cards.iter().filter_map(|card| card.code_digest).collect(),
            identifiers: cards
                .iter()
                .filter_map(|c| c.identifier.as_deref())
                .collect(),
        };
        let merged = cards
            .iter()
            .map(|card| self.card(label, card, known, &named));
        entry.access_cards = merged.collect::<Outcome<Vec<_>>>()?;
        entry.access_cards.sort();
        Ok(())
    }

    /// Returns the card with its identifier and the digest of its code in the form in which they are stored
    /// already, or else in the form for new ones. Fails if a digest key that may be needed does not open.
    fn as_stored(&self, card: &WantedCard, known: &[CardEntry]) -> Outcome<WantedCard> {
        let mut card = card.clone();
        if let Some(identifier) = &mut card.identifier {
            let stored = known.iter().filter_map(|card| card.identifier.as_ref());
            if let Some(stored) = stored_line(identifier, stored) {
                identifier.clone_from(stored);
            }
        }
        if let Some(digest) = card.code_digest {
            let present = known.iter().filter_map(|card| card.code_digest);
            let is_present = |form: &KeyDigest| present.clone().any(|one| one == *form);
            let open = &self.present.open;
            let stored =
                open.stored_beside(DigestKind::Card, digest, is_present, present.clone())?;
            card.code_digest = Some(stored);
        }
        Ok(card)
    }

    fn card(
        &mut self,
        label: &str,
        wanted: &WantedCard,
        known: &[CardEntry],
        named: &NamedCards<'_>,
    ) -> Outcome<CardEntry> {
        let is_same = |known: &&CardEntry| {
            let same_code = known.code_digest.is_some() && known.code_digest == wanted.code_digest;
            same_code || (known.identifier.is_some() && known.identifier == wanted.identifier)
        };
        let known = known.iter().find(is_same);
        // What the file does not set for a card stays, unless another card in the file has the value.
        let code = known.and_then(|known| known.code_digest);
        let code = code.filter(|code| !named.codes.contains(code));
        let identified = known.filter(|known| {
            let identifier = known.identifier.as_deref();
            known.identifier == wanted.identifier
                || identifier.is_some_and(|one| !named.identifiers.contains(one))
        });
        let mut card = CardEntry {
            code_digest: wanted.code_digest.or(code),
            identifier: wanted.identifier.clone(),
            pass_code_hash: None,
            effective: wanted
                .effective
                .or(known.map(|known| known.effective))
                .unwrap_or(true),
        };
        if card.identifier.is_none() {
            card.identifier = identified.and_then(|known| known.identifier.clone());
        }
        let now = identified.filter(|known| known.identifier == card.identifier);
        let now = now.and_then(|known| known.pass_code_hash.clone());
        let card_label = || format!("{label}, access card");
        card.pass_code_hash = match (&wanted.pass_code, now) {
            (Some(_), _) if card.identifier.is_none() => {
                return Err(entry_error(card_label(), "a pass code needs an identifier"));
            }
            (None, None) if card.identifier.is_some() => {
                return Err(entry_error(label, "needs pass_code or pass_code_hash"));
            }
            (None, now) => now,
            (Some(secret), None) => Some(secret.hash(self.wanted.sealed).unwrap_or_default()),
            (Some(secret), Some(now)) => match secret.beside(&now, &[]) {
                SecretComparison::Same => Some(now),
                SecretComparison::Other(hash) => Some(hash),
                SecretComparison::Unknown => {
                    let hash = secret.hash(true);
                    let replace = self.precedence().passwords == SetHere::Replace;
                    let hash = hash.filter(|_| replace);
                    if hash.is_none() {
                        self.keep(label, "pass code");
                    }
                    hash.or(Some(now))
                }
            },
        };
        if card.code_digest.is_none() && card.identifier.is_none() {
            let reason = "needs a code, or an identifier with a pass code";
            return Err(entry_error(card_label(), reason));
        }
        Ok(card)
    }
}

/// The codes and identifiers of all cards in a user's entry.
struct NamedCards<'a> {
    codes: HashSet<KeyDigest>,
    identifiers: HashSet<&'a str>,
}
