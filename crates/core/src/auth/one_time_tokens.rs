//! One-time tokens: valid for one use, with an alarm at the second.

use std::sync::Arc;

use metrics::counter;
use tracing::warn;

use super::Auth;
use crate::client_identity::ClientIdentity;
use crate::error::{AuthError, StoreError};
use crate::purpose::Purpose;
use crate::refusal_cause::RefusalCause;
use crate::session::Session;
use crate::store::{Record, Redemption};
use crate::token::Token;
use crate::token_digest::TokenDigest;

/// What a second use of a one-time token does, besides being refused, logged and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecondUse {
    /// Nothing more.
    #[default]
    Refuse,
    /// Ends the session that the first use created: one of the two users stole the token, and it is not known
    /// which.
    EndSession,
}

/// Why a token yields no session.
pub(super) enum RedeemError {
    /// The token was used before. The alarm was raised and recorded.
    Reused,
    /// Any other reason.
    Refused(AuthError),
}

impl From<AuthError> for RedeemError {
    fn from(error: AuthError) -> Self {
        Self::Refused(error)
    }
}

impl From<StoreError> for RedeemError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<RedeemError> for AuthError {
    fn from(miss: RedeemError) -> Self {
        match miss {
            RedeemError::Reused => Self::InvalidToken(RefusalCause::UsedAgain),
            RedeemError::Refused(error) => error,
        }
    }
}

impl Auth {
    /// Redeems a one-time token and returns its session; of several concurrent callers, one gets it. Fails with
    /// [`RedeemError::Reused`] if the token was used before, and otherwise with [`RedeemError::Refused`]: with
    /// [`AuthError::InvalidToken`] if the token is not live or has another purpose, or if it is a hand-over
    /// token whose parent has ended, with [`AuthError::Forbidden`] if the client is blocked, and with
    /// [`AuthError::Unavailable`] if a store is unavailable.
    pub(super) async fn redeem_once(
        &self,
        token: &Token,
        purpose: Purpose,
    ) -> Result<Session, RedeemError> {
        let (digest, record) = self.find_unspent(token, &[purpose]).await?;
        let user = self.owner(&record, &[purpose]).await?;
        ClientIdentity::record_user(&user, record.client.as_ref(), record.application.as_ref())?;
        let spent = Record {
            spent: Some(Redemption::default()),
            ..Record::clone(&record)
        };
        let now = self.now();
        if !self
            .components
            .tokens
            .replace(digest, &record, &spent, now)
            .await?
        {
            // Another request was faster.
            if let Some(other) = self.record_of(digest).await? {
                self.on_reuse(digest, other).await?;
                return Err(RedeemError::Reused);
            }
            return Err(AuthError::InvalidToken(RefusalCause::UnknownToken).into());
        }
        // The parent of an impersonation is not checked: an impersonation outlives the session in which the
        // administrator began it.
        if let (Purpose::Handover, Some(parent)) = (purpose, record.parent) {
            match self.live(parent).await {
                Ok(parent) => parent.ok_or(AuthError::InvalidToken(RefusalCause::ActorChanged))?,
                Err(error) => {
                    self.undo_redemption(digest).await;
                    return Err(error.into());
                }
            };
        }
        Ok(Session {
            user,
            digest,
            record,
        })
    }

    /// Makes a redeemed one-time token valid again because no token could be issued for it. Does nothing if a
    /// token was issued or if the one-time token was used again. An error is only logged: the one-time token
    /// then stays used up.
    pub(super) async fn undo_redemption(&self, redeemed: TokenDigest) {
        let outcome = async {
            let Some(before) = self.components.tokens.get(redeemed).await? else {
                return Ok(true);
            };
            if before.spent != Some(Redemption::default()) || before.is_end_unconfirmed {
                return Ok(true);
            }
            let after = Record {
                spent: None,
                ..Record::clone(&before)
            };
            let now = self.now();
            self.components
                .tokens
                .replace(redeemed, &before, &after, now)
                .await
        };
        let outcome: Result<bool, StoreError> = outcome.await;
        if let Err(error) = outcome {
            warn!(%error, session = %redeemed, "a one-time token was used up, but no token was issued for it");
        }
    }

    /// Records which token a one-time token was exchanged for. If the one-time token was used again
    /// concurrently, ends the new token if [`SecondUse`] says so. Fails with [`AuthError::Unavailable`] if a
    /// store is unavailable.
    pub(super) async fn record_child(
        &self,
        redeemed: TokenDigest,
        child: TokenDigest,
    ) -> Result<(), AuthError> {
        // A second use may happen concurrently: then the last of the two to write ends the child.
        while let Some(before) = self.record_of(redeemed).await? {
            let Some(spent) = before.spent else { break };
            let after = Record {
                spent: Some(Redemption {
                    child: Some(child),
                    ..spent
                }),
                ..Record::clone(&before)
            };
            let now = self.now();
            if self
                .components
                .tokens
                .replace(redeemed, &before, &after, now)
                .await?
            {
                if spent.again {
                    self.end_child(child, &before).await?;
                }
                break;
            }
        }
        Ok(())
    }

    /// Counts, logs and records the second use of a one-time token, and ends the session of the first use if
    /// [`SecondUse`] says so. Fails with [`AuthError::Unavailable`] if the token store is unavailable.
    pub(super) async fn on_reuse(
        &self,
        digest: TokenDigest,
        mut record: Arc<Record>,
    ) -> Result<(), AuthError> {
        counter!("isogloss_one_time_tokens_used_again_total").increment(1);
        warn!(
            dialect = %record.realm,
            user = %record.user,
            session = %digest,
            made = record.spent.and_then(|spent| spent.child).map(tracing::field::display),
            "a one-time token was used again: a third party may have read it on its way"
        );
        self.record_second_use(digest, &record);
        while let Some(spent) = record.spent {
            let after = Record {
                spent: Some(Redemption {
                    again: true,
                    ..spent
                }),
                ..Record::clone(&record)
            };
            let now = self.now();
            if spent.again
                || self
                    .components
                    .tokens
                    .replace(digest, &record, &after, now)
                    .await?
            {
                if let Some(child) = spent.child {
                    self.end_child(child, &record).await?;
                }
                break;
            }
            match self.record_of(digest).await? {
                Some(now_there) => record = now_there,
                None => break,
            }
        }
        Ok(())
    }

    /// Ends the session that a one-time token was exchanged for, with all tokens derived from it, if
    /// [`SecondUse`] says so. Fails with [`AuthError::Unavailable`] if the token store is unavailable.
    async fn end_child(&self, child: TokenDigest, redeemed: &Record) -> Result<(), AuthError> {
        match self.components.second_use {
            SecondUse::Refuse => Ok(()),
            SecondUse::EndSession => self.end_family(child, redeemed).await,
        }
    }
}
