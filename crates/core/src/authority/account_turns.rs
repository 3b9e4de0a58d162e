//! One question at a time for each user.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

use crate::token_digest::TokenDigest;

/// The turns of users whose passwords are judged now. Each question about a user follows the decision about the one
/// before: several clients of one user that log in at the same time with the right password do not use up the attempts
/// that are granted for wrong ones.
#[derive(Default)]
pub(super) struct AccountTurns(Mutex<HashMap<TokenDigest, Arc<tokio::sync::Mutex<()>>>>);

/// The turn of a user, until it is dropped.
pub(super) struct Turn<'a> {
    turns: &'a AccountTurns,
    account: TokenDigest,
    guard: Option<OwnedMutexGuard<()>>,
}

impl AccountTurns {
    /// Waits until no other question about the user is open.
    pub(super) async fn wait(&self, account: TokenDigest) -> Turn<'_> {
        let lock = Arc::clone(self.0.lock().entry(account).or_default());
        let mut turn = Turn {
            turns: self,
            account,
            guard: None,
        };
        turn.guard = Some(lock.lock_owned().await);
        turn
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        drop(self.guard.take());
        let mut locks = self.turns.0.lock();
        // The map has the only one left: no login waits.
        if locks
            .get(&self.account)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            locks.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn users_do_not_wait_for_one_another_and_nothing_is_left_behind() {
        let turns = AccountTurns::default();
        let (one, other) = (TokenDigest::from([1; 16]), TokenDigest::from([2; 16]));
        let first = turns.wait(one).await;
        let beside = turns.wait(other).await;
        let waits = timeout(Duration::from_millis(20), turns.wait(one)).await;
        assert!(waits.is_err());
        drop(first);
        let second = turns.wait(one).await;
        assert_eq!(turns.0.lock().len(), 2);
        drop((second, beside));
        assert_eq!(turns.0.lock().len(), 0);
    }
}
