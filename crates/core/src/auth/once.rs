//! One-time tokens: valid for one use, with an alarm at the second.

use std::sync::Arc;

use metrics::counter;
use tracing::warn;

use super::Auth;
use crate::client::Client;
use crate::error::{AuthError, StoreError};
use crate::purpose::Purpose;
use crate::session::Session;
use crate::store::{Record, Spent};
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
pub(super) enum Miss {
    /// The token was used before. The alarm was raised and recorded.
    UsedAgain,
    /// Any other reason.
    Refused(AuthError),
}

impl From<AuthError> for Miss {
    fn from(error: AuthError) -> Self {
        Self::Refused(error)
    }
}

impl From<StoreError> for Miss {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Miss> for AuthError {
    fn from(miss: Miss) -> Self {
        match miss {
            Miss::UsedAgain => Self::InvalidToken,
            Miss::Refused(error) => error,
        }
    }
}

impl Auth {
    pub(super) async fn use_up(&self, token: &Token, purpose: Purpose) -> Result<Session, Miss> {
        let (digest, record) = self.find_unspent(token, &[purpose]).await?;
        let user = self.owner(&record, &[purpose]).await?;
        Client::note_user(&user, record.client.as_ref(), record.application.as_ref())?;
        let spent = Record {
            spent: Some(Spent::default()),
            ..Record::clone(&record)
        };
        let now = self.now();
        if !self.0.tokens.replace(digest, &record, &spent, now).await? {
            // Another request was faster.
            if let Some(other) = self.record_of(digest).await? {
                self.used_again(digest, other).await?;
                return Err(Miss::UsedAgain);
            }
            return Err(AuthError::InvalidToken.into());
        }
        // For an impersonation, the parent is not checked: it outlives the session in which the administrator
        // began it.
        if let (Purpose::Handover, Some(parent)) = (purpose, record.parent) {
            match self.live(parent).await {
                Ok(parent) => parent.ok_or(AuthError::InvalidToken)?,
                Err(error) => {
                    self.give_back(digest).await;
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

    /// Makes a one-time token valid again for which no token could be issued.
    pub(super) async fn give_back(&self, redeemed: TokenDigest) {
        let outcome = async {
            let Some(before) = self.0.tokens.get(redeemed).await? else {
                return Ok(true);
            };
            if before.spent != Some(Spent::default()) || before.is_end_unconfirmed {
                return Ok(true);
            }
            let after = Record {
                spent: None,
                ..Record::clone(&before)
            };
            let now = self.now();
            self.0.tokens.replace(redeemed, &before, &after, now).await
        };
        let outcome: Result<bool, StoreError> = outcome.await;
        if let Err(error) = outcome {
            warn!(%error, session = %redeemed, "a one-time token was used up, but no token was issued for it");
        }
    }

    /// Records which token a one-time token was exchanged for.
    pub(super) async fn note_child(
        &self,
        redeemed: TokenDigest,
        child: TokenDigest,
    ) -> Result<(), AuthError> {
        // A second use may happen concurrently: then the last of the two to write ends the child.
        while let Some(before) = self.record_of(redeemed).await? {
            let Some(spent) = before.spent else { break };
            let after = Record {
                spent: Some(Spent {
                    child: Some(child),
                    ..spent
                }),
                ..Record::clone(&before)
            };
            let now = self.now();
            if self
                .0
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

    pub(super) async fn used_again(
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
            "a one-time token was used again: somebody may have read it on its way"
        );
        self.record_second_use(digest, &record);
        while let Some(spent) = record.spent {
            let after = Record {
                spent: Some(Spent {
                    again: true,
                    ..spent
                }),
                ..Record::clone(&record)
            };
            let now = self.now();
            if spent.again || self.0.tokens.replace(digest, &record, &after, now).await? {
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

    /// Ends the session that a one-time token was exchanged for, with all tokens derived from it, if a second
    /// use does that.
    async fn end_child(&self, child: TokenDigest, redeemed: &Record) -> Result<(), AuthError> {
        match self.0.second_use {
            SecondUse::Refuse => Ok(()),
            SecondUse::EndSession => self.end_family(child, redeemed).await,
        }
    }
}
