//! Erasing a user: the directory's rows, all tokens, and the counters and lists of the login throttle.

use std::collections::HashSet;

use tracing::warn;

use super::Auth;
use crate::audit::{Event, EventKind, RefusalReason};
use crate::directory::{ChangeError, Erased};
use crate::error::StoreError;
use crate::throttle::{AttemptTarget, LoginThrottle, unlinked_account, user_account};
use crate::token_digest::TokenDigest;
use crate::user::User;

/// What was erased of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// What the directory erased.
    pub erased: Erased,
    /// How many tokens were removed.
    pub tokens: u64,
    /// How many counters of wrong attempts and lists of known clients were removed.
    pub counts: u64,
}

impl Auth {
    /// Erases a user and returns what was erased. The tokens are removed first, so that nothing is erased while
    /// the store cannot be queried, and once more afterwards, to catch a login that was running. A login that is
    /// still running then finds no user when it issues its token.
    ///
    /// Events that wait for the audit log are written before the directory erases the user, because the
    /// directory puts the pseudonym only into events that are in its table.
    ///
    /// # Errors
    ///
    /// [`ChangeError::Invalid`] if there is no such user or if no digest key of the directory can be decrypted,
    /// and [`ChangeError::Unavailable`] if a store is unavailable. If the waiting events cannot be written in
    /// time, the directory is not changed. An erasure that only removed the tokens is recorded as refused, with
    /// their number. If the stores become unavailable after the directory has erased the user, their remaining
    /// entries are useless and expire: that is logged, and the user is erased.
    pub async fn erase(&self, user: &User) -> Result<Erasure, ChangeError> {
        let event = Event {
            organisation: Some(user.organisation.name.clone()),
            ..Event::new(EventKind::EraseUser, self.now())
        };
        let before = match self.components.tokens.remove_user(user.id).await {
            Ok(before) => before,
            Err(error) => {
                // Some of the tokens may have ended.
                let refused = event.refused(RefusalReason::Unavailable);
                self.components.audit.record(refused.about(user));
                return Err(error.into());
            }
        };
        if !self.components.audit.flush().await {
            let refused = event.refused(RefusalReason::Unavailable).about(user);
            self.record_erasure(refused, before);
            let reason = "events that wait could not be written in time; the user was not erased";
            return Err(StoreError::new("audit log", reason).into());
        }
        let erased = match self.components.directory.erase(user.id).await {
            Ok(erased) => erased,
            Err(error) => {
                // The user may have been erased and only the response lost, so the event does not name the user.
                if let ChangeError::Unavailable(_) = &error {
                    self.record_erasure(event.refused(RefusalReason::Unavailable), before);
                }
                return Err(error);
            }
        };
        self.components.audit.record(Event {
            user: Some(erased.pseudonym),
            ..event
        });
        let meanwhile = self.components.tokens.remove_user(user.id).await;
        let counts = match &self.components.throttle {
            Some(throttle) => self.clear_throttle_of(throttle, &erased).await,
            None => Ok(0),
        };
        Ok(Erasure {
            tokens: before + removed_afterwards("tokens", &erased, meanwhile),
            counts: removed_afterwards("counts of tries", &erased, counts),
            erased,
        })
    }

    /// Records `event`, an erasure, in the audit log, with the number of tokens that it certainly ended. Perhaps
    /// it erased nothing else.
    fn record_erasure(&self, event: Event, tokens: u64) {
        self.components.audit.record(Event {
            count: Some(tokens),
            ..event
        });
    }

    /// Removes all counters of the user's attempts and lists of known clients, under every name, and returns how
    /// many there were. Fails if the throttle's store is unavailable.
    async fn clear_throttle_of(
        &self,
        throttle: &LoginThrottle,
        erased: &Erased,
    ) -> Result<u64, StoreError> {
        let accounts = self.accounts_of(erased);
        let of_user = accounts.iter().copied();
        let mut forgotten = self.remove_buckets_of(throttle.store(), of_user).await?;
        for account in accounts {
            forgotten += u64::from(throttle.forget(account).await?);
        }
        Ok(forgotten)
    }

    /// Returns the digests under which attempts at the user are counted: those of each name, each card and the
    /// user, under each pepper.
    fn accounts_of(&self, erased: &Erased) -> HashSet<TokenDigest> {
        let logins = erased
            .logins
            .iter()
            .map(|login| AttemptTarget::Password(login));
        let cards = erased
            .cards
            .iter()
            .map(|card| AttemptTarget::PassCode(card));
        let guesses: Vec<_> = logins.chain(cards).collect();
        let peppers = self.components.peppers.each();
        peppers
            .flat_map(|pepper| {
                let named = guesses.iter().map(|guess| guess.account(pepper));
                let logins = erased.logins.iter();
                let elsewhere = logins.map(|login| unlinked_account(pepper, login));
                named
                    .chain(elsewhere)
                    .chain([user_account(pepper, erased.id)])
            })
            .collect()
    }
}

/// Returns how many entries were removed after the user was erased; 0 if removing them failed, which is logged.
/// Entries that remain are useless.
fn removed_afterwards(what: &str, erased: &Erased, removed: Result<u64, StoreError>) -> u64 {
    removed.unwrap_or_else(|error| {
        let user = erased.pseudonym;
        warn!(user.id = %user, %error, "the {what} of an erased user were not removed; they are no longer valid and will expire");
        0
    })
}
