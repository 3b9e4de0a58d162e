//! Logins whose password an authority judges.

use std::time::Duration;

use futures_util::future::join;
use isogloss_password::HashingPermit;
use secrecy::{ExposeSecret as _, SecretString};

use super::authority_users::LinkError;
use super::password_check::{JudgedBy, is_trusted};
use super::{Auth, Credentials, OrganisationName};
use crate::authority::{
    Asker, AuthorityMode, AuthoritySettings, Decision, Identity, JudgeRequest, Judgement,
    LimitedAuthority,
};
use crate::directory::{Acceptance, AcceptedPassword, Account};
use crate::error::{AuthError, StoreError};
use crate::refusal_cause::RefusalCause;
use crate::throttle::{AttemptTarget, BucketKind, ClientIp, unlinked_account, user_account};

/// How long a client should wait if the authority has locked the user and does not say for how long.
const LOCKED_FOR: Duration = Duration::from_mins(1);

/// What was computed of the password while the authority was asked.
enum Hashed {
    /// Whether the stored hash is of the password.
    Matches(bool),
    /// The hash of the password; `None` if it is not needed, or if bcrypt cannot hash the password as a whole.
    New(Option<SecretString>),
}

impl Auth {
    /// Returns the account of a user whose password an authority accepts, created or updated as it says. Asks the next
    /// of several authorities only if the one before does not know the user. The password is hashed while the
    /// authority judges it, and no permit is held while only the authority is waited for.
    pub(super) async fn ask(
        &self,
        (authorities, permit): (&[&LimitedAuthority], HashingPermit),
        account: Option<Account>,
        (credentials, password): (&Credentials, &SecretString),
        judged_by: &mut JudgedBy,
    ) -> Result<Account, AuthError> {
        let now = self.now();
        let mut permit = Some(permit);
        if let (Some(account), [authority]) = (&account, authorities)
            && is_trusted(account, authority.settings().trust, now)
        {
            if self.matches_stored(account, password).await? {
                judged_by.authority = Some(authority.settings().name.clone());
                judged_by.cause = Some("trusted".to_owned());
                return Ok(account.clone());
            }
            // The password is hashed once per login.
            permit = None;
        }
        let has_hash = account
            .as_ref()
            .is_some_and(|account| account.password_hash.is_some());
        if !has_hash && authorities.first().is_some_and(|one| one.is_paused()) {
            // The login will be "unavailable": a hash would only take time from other logins.
            permit = None;
        }
        let hashing = async {
            let Some(_permit) = permit else {
                return Ok(Hashed::New(None));
            };
            self.hash_meanwhile(authorities, account.as_ref(), password)
                .await
        };
        let judging = self.judge_in_order(authorities, account.as_ref(), (credentials, password));
        let (hashed, judged) = join(hashing, judging).await;
        let (authority, decision, was_asked) = judged?;
        let settings = authority.settings();
        judged_by.authority = Some(settings.name.clone());
        judged_by.cause = cause(&decision);
        judged_by.was_asked = was_asked;
        let stored_matches = matches!(hashed, Ok(Hashed::Matches(true)));
        match decision {
            Decision::Accepted(identity) => {
                let hashed = hashed?;
                let login = credentials.name.trim();
                let account = match account {
                    Some(account) => self.check_link(authority, account, &identity).await,
                    None => {
                        self.account_of(authority, &identity, (login, password))
                            .await
                    }
                };
                let account = account.map_err(|error| error.report(settings, judged_by))?;
                let accepted = self.accept(authority, account, (&identity, hashed)).await;
                accepted.map_err(|error| error.report(settings, judged_by))
            }
            Decision::UnknownUser | Decision::Rejected | Decision::DisabledUnjudged(_) => {
                if stored_matches {
                    self.forget(account.as_ref()).await?;
                }
                let cause = if decision == Decision::Rejected {
                    RefusalCause::WrongPassword
                } else {
                    RefusalCause::Authority
                };
                Err(AuthError::InvalidCredentials(cause))
            }
            Decision::Disabled(_) => {
                self.forget(account.as_ref()).await?;
                Err(AuthError::AccountDisabled(RefusalCause::Authority))
            }
            Decision::SecondFactorRequired => {
                self.forget(account.as_ref()).await?;
                Err(AuthError::SecondFactorRequired(RefusalCause::Authority))
            }
            Decision::Throttled { retry_after } => Err(AuthError::Throttled {
                retry_after: retry_after.unwrap_or(LOCKED_FOR),
                by: BucketKind::Authority,
            }),
            Decision::Unavailable(cause) => {
                let span = settings.trust_while_unavailable;
                match account {
                    Some(account) if stored_matches && is_trusted(&account, span, now) => {
                        Ok(account)
                    }
                    _ => Err(unavailable(settings, cause)),
                }
            }
        }
    }

    /// Returns the first decision of an authority that knows the user, or the last one; the authority that made it; and
    /// whether any was asked. Fails with
    /// [`AuthError::Unavailable`] if the throttle's store is unavailable.
    pub(super) async fn judge_in_order<'a>(
        &self,
        authorities: &[&'a LimitedAuthority],
        account: Option<&Account>,
        (credentials, password): (&Credentials, &SecretString),
    ) -> Result<(&'a LimitedAuthority, Decision, bool), AuthError> {
        let pepper = &self.components.peppers.current;
        let name = &credentials.name;
        let known = account.map(|account| user_account(pepper, account.user.id));
        let asker = Asker {
            pepper,
            account: known.unwrap_or_else(|| AttemptTarget::Password(name).account(pepper)),
            counted_for: known.unwrap_or_else(|| unlinked_account(pepper, name)),
            now: self.now(),
        };
        let link = account.and_then(|account| account.link.as_ref());
        let request = JudgeRequest {
            login: credentials.name.trim(),
            password,
            external_id: link.and_then(|link| link.external_id.as_deref()),
            dialect: credentials.origin.realm.name(),
            organisation: credentials
                .organisation
                .as_ref()
                .map(OrganisationName::text),
            source: credentials.origin.source.map(ClientIp::address),
        };
        let mut last = None;
        let mut was_asked = false;
        for authority in authorities {
            let Judgement {
                decision,
                was_remembered,
            } = authority.judge(asker, &request).await?;
            was_asked |= !was_remembered;
            let is_unknown = decision == Decision::UnknownUser;
            last = Some((*authority, decision, was_asked));
            if !is_unknown {
                break;
            }
        }
        last.ok_or_else(|| StoreError::new("authority", "there is none").into())
    }

    /// Hashes the password, at the cost of every other login: checks it against the stored hash if the authority's
    /// word may be trusted for a while, or computes the hash to store.
    async fn hash_meanwhile(
        &self,
        authorities: &[&LimitedAuthority],
        account: Option<&Account>,
        password: &SecretString,
    ) -> Result<Hashed, AuthError> {
        let passwords = &self.components.passwords;
        let trusts = |one: &&LimitedAuthority| keeps_hash(one.settings());
        let adopts = |one: &&LimitedAuthority| one.settings().mode == AuthorityMode::Adopt;
        let stored = account.and_then(|account| account.password_hash.as_ref());
        if authorities.iter().any(adopts) || (stored.is_none() && authorities.iter().any(trusts)) {
            let new = passwords.hash_at_login(password.clone()).await?;
            return Ok(Hashed::New(new));
        }
        let hash = stored.filter(|_| authorities.iter().any(trusts));
        let hash = hash.map(|hash| hash.expose_secret().to_owned());
        let has_hash = hash.is_some();
        let matches = passwords.verify(password.clone(), hash).await?;
        Ok(if has_hash {
            Hashed::Matches(matches)
        } else {
            Hashed::New(None)
        })
    }

    /// Updates the user as the authority says, and records that it accepted the password. Returns the account as it is
    /// then.
    async fn accept(
        &self,
        authority: &LimitedAuthority,
        account: Account,
        (identity, hashed): (&Identity, Hashed),
    ) -> Result<Account, LinkError> {
        let settings = authority.settings();
        let account = self.update_user(settings, account, identity).await?;
        if account.link.as_ref().is_some_and(|link| link.is_adopted) {
            return Ok(account);
        }
        let password = match (settings.mode, hashed) {
            (AuthorityMode::Adopt, Hashed::New(Some(hash))) => AcceptedPassword::Adopt(hash),
            (AuthorityMode::Delegate, Hashed::New(Some(hash))) if keeps_hash(settings) => {
                AcceptedPassword::Replace(hash)
            }
            (AuthorityMode::Delegate, Hashed::Matches(true)) if keeps_hash(settings) => {
                let stored = account.password_hash.clone();
                stored.map_or(AcceptedPassword::Forget, AcceptedPassword::Keep)
            }
            (
                AuthorityMode::Delegate | AuthorityMode::Adopt,
                Hashed::New(_) | Hashed::Matches(_),
            ) => AcceptedPassword::Forget,
        };
        self.record_acceptance(
            account,
            Acceptance {
                authority: settings.name.clone(),
                external_id: identity.external_id.clone(),
                password,
                at: self.now(),
            },
        )
        .await
    }

    /// Returns whether the stored hash is of the password; false without one.
    pub(super) async fn matches_stored(
        &self,
        account: &Account,
        password: &SecretString,
    ) -> Result<bool, AuthError> {
        let Some(hash) = &account.password_hash else {
            return Ok(false);
        };
        let hash = hash.expose_secret().to_owned();
        let passwords = &self.components.passwords;
        Ok(passwords.verify(password.clone(), Some(hash)).await?)
    }

    /// Removes the stored hash of a password that the authority does not accept any longer: an outage must not let the
    /// user in.
    async fn forget(&self, account: Option<&Account>) -> Result<(), StoreError> {
        if let Some(Account {
            user,
            password_hash: Some(hash),
            ..
        }) = account
        {
            let directory = &self.components.directory;
            directory.forget_hash(user.id, hash.expose_secret()).await?;
        }
        Ok(())
    }
}

/// Returns whether a hash of an accepted password is stored, because the authority's word is trusted for a while.
fn keeps_hash(settings: &AuthoritySettings) -> bool {
    settings.mode == AuthorityMode::Delegate
        && !(settings.trust.is_zero() && settings.trust_while_unavailable.is_zero())
}

/// Returns the cause of a decision for the audit log; `None` if its name says everything.
fn cause(decision: &Decision) -> Option<String> {
    match decision {
        Decision::Unavailable(cause) => Some(cause.kind.name().to_owned()),
        Decision::Disabled(reason) | Decision::DisabledUnjudged(reason) => {
            Some(reason.name().to_owned())
        }
        Decision::UnknownUser | Decision::Throttled { .. } => Some(decision.name().to_owned()),
        Decision::Accepted(_) | Decision::Rejected | Decision::SecondFactorRequired => None,
    }
}

pub(super) fn unavailable(
    settings: &AuthoritySettings,
    cause: impl std::fmt::Display,
) -> AuthError {
    StoreError::new("authority", format_args!("{}: {cause}", settings.name)).into()
}
