//! The authorities of a configuration, each behind its limits.

mod check;

use std::sync::Arc;

use metrics::{counter, histogram};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::account_turns::AccountTurns;
use super::breaker::{CircuitBreaker, Health};
use super::passed_on::{PassedAttempt, PassedOn};
use super::refused_pairs::{Refusal, RefusedPairs};
use super::{Authority, AuthoritySettings, Cause, CauseKind, Decision, JudgeRequest, UnknownUsers};
use crate::auth::OrganisationName;
use crate::error::StoreError;
use crate::pepper::Pepper;
use crate::throttle::Throttle;
use crate::token_digest::TokenDigest;

/// The authorities, in the order of the configuration. Cheap to clone; empty by default.
#[derive(Clone, Default)]
pub struct Authorities(Arc<[LimitedAuthority]>);

/// An authority, with what limits the logins that ask it.
pub(crate) struct LimitedAuthority {
    settings: AuthoritySettings,
    authority: Arc<dyn Authority>,
    of_accounts: AccountTurns,
    turns: Semaphore,
    breaker: CircuitBreaker,
    refused: RefusedPairs,
    passed_on: PassedOn,
}

/// Whether an authority answers, as the last logins found.
#[derive(Debug, Clone)]
pub struct AuthorityStatus {
    /// The name of the authority.
    pub name: String,
    /// Whether it answers.
    pub health: Health,
}

/// Who asks an authority, for its limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) pepper: &'a Pepper,
    /// A keyed hash of the user, or of the name if there is no such user here.
    pub(crate) account: TokenDigest,
    /// The account for which passed-on passwords count. All spellings of a name that is unknown here have the same.
    pub(crate) counted_for: TokenDigest,
    pub(crate) now: OffsetDateTime,
}

/// What was decided about a password.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) decision: Decision,
    /// Whether the authority was not asked, because it has just refused the same password.
    pub(crate) was_remembered: bool,
}

impl Authorities {
    /// Creates the authorities. `throttle` counts the passwords that are passed on to them.
    pub fn new(
        authorities: Vec<(AuthoritySettings, Arc<dyn Authority>)>,
        throttle: &Arc<dyn Throttle>,
    ) -> Self {
        let authorities = authorities.into_iter();
        let limited = |(settings, authority)| LimitedAuthority::new(settings, authority, throttle);
        Self(authorities.map(limited).collect())
    }

    /// Returns whether each authority answers, in the order of the configuration.
    pub fn status(&self) -> Vec<AuthorityStatus> {
        let status = |one: &LimitedAuthority| AuthorityStatus {
            name: one.settings.name.clone(),
            health: one.breaker.health(),
        };
        self.0.iter().map(status).collect()
    }

    /// Returns the settings and the implementation of each authority, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = (&AuthoritySettings, &Arc<dyn Authority>)> {
        let all = self.0.iter();
        all.map(|one| (&one.settings, &one.authority))
    }

    /// Returns the authority with that name; `None` if there is none.
    pub(crate) fn get(&self, name: &str) -> Option<&LimitedAuthority> {
        self.0.iter().find(|one| one.settings.name == name)
    }

    /// Returns the authorities that judge users who are unknown here, in the order in which they are asked:
    /// those that may have users of the organisation that the login names, or all of them if it names none.
    pub(crate) fn of_unknown_users<'a>(
        &'a self,
        organisation: Option<&'a OrganisationName>,
    ) -> impl Iterator<Item = &'a LimitedAuthority> {
        self.0.iter().filter(move |one| {
            let settings = &one.settings;
            let mut organisations = settings
                .organisation
                .iter()
                .chain(&settings.mapped_organisations);
            settings.unknown_users == UnknownUsers::Create
                && (settings.any_organisation
                    || organisation.is_none_or(|name| organisations.any(|one| name.is(one))))
        })
    }
}

impl LimitedAuthority {
    fn new(
        settings: AuthoritySettings,
        authority: Arc<dyn Authority>,
        throttle: &Arc<dyn Throttle>,
    ) -> Self {
        Self {
            of_accounts: AccountTurns::default(),
            turns: Semaphore::new(settings.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            passed_on: PassedOn::new(Arc::clone(throttle), settings.attempts),
            settings,
            authority,
            breaker: CircuitBreaker::default(),
            refused: RefusedPairs::default(),
        }
    }

    /// Returns the settings.
    pub(crate) fn settings(&self) -> &AuthoritySettings {
        &self.settings
    }

    /// Returns whether the authority failed several times in a row and is not asked now.
    pub(crate) fn is_paused(&self) -> bool {
        self.breaker.is_open(Instant::now().into_std())
    }

    /// Judges a password: the authority does, or its limits do. Fails if the throttle's store is unavailable: without
    /// it, the number of passed-on passwords could not be limited.
    pub(crate) async fn judge(
        &self,
        asker: Asker<'_>,
        request: &JudgeRequest<'_>,
    ) -> Result<Judgement, StoreError> {
        let name = self.settings.name.as_str();
        let Asker {
            pepper, account, ..
        } = asker;
        let pair = RefusedPairs::pair(pepper, name, account, request.password);
        let remembered = self.refused.get(&pair);
        let was_remembered = remembered.is_some();
        let decision = if let Some(refusal) = remembered {
            refusal.into()
        } else if self.breaker.admits(Instant::now().into_std()) {
            self.ask(asker, request).await?
        } else {
            let cause = "it failed several times in a row";
            Decision::Unavailable(Cause::new(CauseKind::CircuitOpen, cause))
        };
        if !was_remembered && let Some(refusal) = Refusal::of(&decision) {
            self.refused.insert(pair, refusal);
        }
        let labels = [
            ("authority", name.to_owned()),
            ("decision", decision.name().to_owned()),
        ];
        counter!("isogloss_authority_decisions_total", &labels).increment(1);
        Ok(Judgement {
            decision,
            was_remembered,
        })
    }

    /// Waits for a turn, takes an attempt, and asks the authority, all within its time-out. Fails if the throttle's
    /// store is unavailable.
    async fn ask(
        &self,
        asker: Asker<'_>,
        request: &JudgeRequest<'_>,
    ) -> Result<Decision, StoreError> {
        let Asker {
            pepper,
            account: _,
            counted_for,
            now,
        } = asker;
        let name = self.settings.name.as_str();
        let limit = self.settings.timeout;
        let begun = Instant::now();
        let deadline = begun + limit;
        // Half of the time remains for the answer: no password is passed on whose answer would come too late.
        let longest_wait = begun + limit / 2;
        let turns = async {
            let of_account = self.of_accounts.wait(counted_for).await;
            (of_account, self.turns.acquire().await)
        };
        let Ok((_of_account, Ok(_turn))) = timeout_at(longest_wait, turns).await else {
            let cause = format!("{} logins already wait for it", self.settings.concurrency);
            return Ok(Decision::Unavailable(Cause::new(CauseKind::Busy, cause)));
        };
        let taken = self.passed_on.take(pepper, name, counted_for, now);
        let attempt = match taken.await? {
            Ok(attempt) => attempt,
            Err(retry_after) => {
                let retry_after = Some(retry_after);
                return Ok(Decision::Throttled { retry_after });
            }
        };
        let judged = timeout_at(deadline, self.authority.judge(request)).await;
        let decision = judged.unwrap_or_else(|Elapsed { .. }| {
            let cause = format!("no answer within {limit:?}");
            Decision::Unavailable(Cause::new(CauseKind::Timeout, cause))
        });
        histogram!("isogloss_authority_duration_seconds", "authority" => name.to_owned())
            .record(begun.elapsed());
        self.record_health(&decision, now);
        settle(attempt, &decision, now).await?;
        Ok(decision)
    }

    /// Tells the circuit breaker how the authority did, and logs when it fails for the first time, and when it
    /// answers again.
    fn record_health(&self, decision: &Decision, now: OffsetDateTime) {
        let authority = self.settings.name.as_str();
        match decision {
            Decision::Unavailable(cause) if cause.kind.is_failure() => {
                self.record_failure(cause, now);
            }
            Decision::Unavailable(cause) => {
                warn!(authority, %cause, "an authority did not judge a password");
            }
            Decision::Accepted(_)
            | Decision::UnknownUser
            | Decision::Rejected
            | Decision::Disabled(_)
            | Decision::DisabledUnjudged(_)
            | Decision::SecondFactorRequired
            | Decision::Throttled { .. } => self.record_available(now),
        }
    }
}

/// Reports the decision to the counter of the passwords that are passed on. Fails if the throttle's store is
/// unavailable.
async fn settle(
    attempt: PassedAttempt<'_>,
    decision: &Decision,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    match decision {
        Decision::Accepted(_) | Decision::Disabled(_) | Decision::SecondFactorRequired => {
            attempt.succeed().await
        }
        Decision::Unavailable(_) => attempt.refund(now).await,
        // It counts as wrong, as it does at the authority. Names that are unknown there count like all others.
        Decision::Rejected
        | Decision::UnknownUser
        | Decision::DisabledUnjudged(_)
        | Decision::Throttled { .. } => {
            attempt.fail(now).await;
            Ok(())
        }
    }
}
