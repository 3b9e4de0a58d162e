//! The authorities of a configuration, each behind its limits.

mod check;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use isogloss_password::EqualDelay;
use metrics::{counter, histogram};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::account_turns::AccountTurns;
use super::breaker::{CircuitBreaker, Health};
use super::passed_on::{PassedAttempt, PassedOn};
use super::refused_pairs::RefusedPairs;
use super::{Authority, AuthoritySettings, Cause, CauseKind, Decision, JudgeRequest, UnknownUsers};
use crate::auth::OrganisationName;
use crate::error::StoreError;
use crate::pepper::Pepper;
use crate::throttle::Throttle;
use crate::token_digest::TokenDigest;

/// The authorities, in the order of the configuration. Cheap to clone; empty by default.
#[derive(Clone, Default)]
pub struct Authorities(Option<Arc<Members>>);

struct Members {
    authorities: Vec<LimitedAuthority>,
    /// How long recent refusals by authorities took.
    refusals: EqualDelay,
}

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
    pub(crate) now: OffsetDateTime,
}

impl Authorities {
    /// Creates the authorities. `throttle` counts the passwords that are passed on to them.
    ///
    /// # Errors
    ///
    /// If the system starts no further thread: one ends delays that hide who judged a password.
    pub fn new(
        authorities: Vec<(AuthoritySettings, Arc<dyn Authority>)>,
        throttle: &Arc<dyn Throttle>,
    ) -> io::Result<Self> {
        if authorities.is_empty() {
            return Ok(Self::default());
        }
        let authorities = authorities.into_iter();
        let authorities = authorities
            .map(|(settings, authority)| LimitedAuthority::new(settings, authority, throttle));
        Ok(Self(Some(Arc::new(Members {
            authorities: authorities.collect(),
            refusals: EqualDelay::start()?,
        }))))
    }

    /// Returns whether each authority answers, in the order of the configuration.
    pub fn status(&self) -> Vec<AuthorityStatus> {
        let status = |one: &LimitedAuthority| AuthorityStatus {
            name: one.settings.name.clone(),
            health: one.breaker.health(),
        };
        self.all().iter().map(status).collect()
    }

    /// Returns the settings and the implementation of each authority, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = (&AuthoritySettings, &Arc<dyn Authority>)> {
        let all = self.all().iter();
        all.map(|one| (&one.settings, &one.authority))
    }

    /// Returns the authority with that name; `None` if there is none.
    pub(crate) fn get(&self, name: &str) -> Option<&LimitedAuthority> {
        self.all().iter().find(|one| one.settings.name == name)
    }

    /// Returns the authorities that judge users who are unknown here, in the order in which they are asked:
    /// those of the organisation that the login names, or all of them if it names none.
    pub(crate) fn of_unknown_users<'a>(
        &'a self,
        organisation: Option<&'a OrganisationName>,
    ) -> impl Iterator<Item = &'a LimitedAuthority> {
        self.all().iter().filter(move |one| {
            let settings = &one.settings;
            let mut organisations = settings
                .organisation
                .iter()
                .chain(&settings.mapped_organisations);
            settings.unknown_users == UnknownUsers::Create
                && organisation.is_none_or(|name| organisations.any(|one| name.is(one)))
        })
    }

    /// Records how long a login took that an authority refused.
    pub(crate) fn record_refusal(&self, took: Duration) {
        if let Some(members) = &self.0 {
            members.refusals.record(took);
        }
    }

    /// Waits until a login that began then has taken as long as one that an authority refused, so that the time does
    /// not reveal who judged the password. Returns immediately if no authority refused one yet.
    pub(crate) async fn wait_like_refusal(&self, begun: Instant) {
        if let Some(members) = &self.0 {
            members.refusals.wait_since(begun.into_std()).await;
        }
    }

    fn all(&self) -> &[LimitedAuthority] {
        self.0
            .as_ref()
            .map_or(&[], |members| members.authorities.as_slice())
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

    /// Returns the decision of the authority about a password, or that of its limits. Fails if the throttle's store
    /// is unavailable: without it, the number of passed-on passwords could not be limited.
    pub(crate) async fn judge(
        &self,
        asker: Asker<'_>,
        request: &JudgeRequest<'_>,
    ) -> Result<Decision, StoreError> {
        let name = self.settings.name.as_str();
        let Asker {
            pepper, account, ..
        } = asker;
        let pair = RefusedPairs::pair(pepper, name, account, request.password);
        let decision = if self.refused.contains(&pair) {
            Decision::Rejected
        } else if self.breaker.admits(Instant::now().into_std()) {
            self.ask(asker, request).await?
        } else {
            let cause = "it failed several times in a row";
            Decision::Unavailable(Cause::new(CauseKind::CircuitOpen, cause))
        };
        if decision == Decision::Rejected {
            self.refused.insert(pair);
        }
        let labels = [
            ("authority", name.to_owned()),
            ("decision", decision.name().to_owned()),
        ];
        counter!("isogloss_authority_decisions_total", &labels).increment(1);
        Ok(decision)
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
            account,
            now,
        } = asker;
        let name = self.settings.name.as_str();
        let limit = self.settings.timeout;
        let begun = Instant::now();
        let deadline = begun + limit;
        let turns = async {
            let of_account = self.of_accounts.wait(account).await;
            (of_account, self.turns.acquire().await)
        };
        let Ok((_of_account, Ok(_turn))) = timeout_at(deadline, turns).await else {
            let cause = format!("{} logins already wait for it", self.settings.concurrency);
            return Ok(Decision::Unavailable(Cause::new(CauseKind::Busy, cause)));
        };
        let attempt = match self.passed_on.take(pepper, name, account, now).await? {
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
        Decision::Rejected | Decision::UnknownUser | Decision::Throttled { .. } => Ok(()),
    }
}
