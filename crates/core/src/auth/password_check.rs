//! Checks of passwords: by our own hash, or by an authority.

use std::time::{Duration, Instant};

use isogloss_password::{Claimant, HashingPermit};
use secrecy::{ExposeSecret as _, SecretString};
use time::OffsetDateTime;
use tracing::debug;

use super::login::check_admission;
use super::second_factor::{FactorAttempt, SplitPassword};
use super::{Auth, Credentials};
use crate::authority::LimitedAuthority;
use crate::directory::Account;
use crate::error::{AuthError, StoreError};
use crate::observed_request::ObservedRequest;
use crate::refusal_cause::RefusalCause;
use crate::throttle::KnownDevice;
use crate::user::User;

/// Who judged the password of a login, for the audit log.
#[derive(Debug, Default)]
pub(super) struct JudgedBy {
    /// The name of the authority; `None` if our own hash did.
    pub(super) authority: Option<String>,
    /// The true cause of the outcome, which clients do not learn.
    pub(super) cause: Option<String>,
    /// Whether an authority was asked. It was not if our own hash decides, or if it has just refused the same password.
    pub(super) was_asked: bool,
}

/// A password login that the throttle has admitted.
pub(super) struct AdmittedLogin<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) known_device: Option<KnownDevice>,
    /// `None` if the password looks like an application password, which needs no hash.
    pub(super) permit: Option<HashingPermit>,
    /// For whom a permit counts that is taken later.
    pub(super) share: Claimant,
}

/// Who can judge the password of a login.
pub(super) enum Judge<'a> {
    /// Our own hash; the account is local, or there is none.
    Hash,
    /// The authority to which the user belongs, or those that may create the user.
    Authorities(Vec<&'a LimitedAuthority>),
}

impl Auth {
    /// Returns the user whose password, second factor and organisation fit. Fails with the errors of
    /// [`Auth::login`].
    pub(super) async fn check_password(
        &self,
        login: AdmittedLogin<'_>,
        judged_by: &mut JudgedBy,
    ) -> Result<User, AuthError> {
        let begun = Instant::now();
        let credentials = login.credentials;
        let account = self.components.directory.account(&credentials.name).await?;
        if let Some(account) = &account {
            ObservedRequest::record_named_user(account.user.id);
        }
        let by_app_password = self.matches_app_password(account.as_ref(), credentials);
        if by_app_password.await?
            && let Some(account) = account
        {
            let last = account.last_login_at;
            let user = check_admission(account.user, credentials.organisation.as_ref())?;
            self.record_login_time(&user, last).await;
            return Ok(user);
        }
        let totp = account.as_ref().and_then(|account| account.totp.as_ref());
        let SplitPassword {
            password,
            presented,
        } = credentials.split_password(totp, self.now());
        // A password that only looks like an application password is hashed like any other.
        let permit = match login.permit {
            Some(permit) => permit,
            None => self
                .hashing_permit(&credentials.origin)?
                .claim(login.share)?,
        };
        let judge = self.judge(account.as_ref(), credentials, &password)?;
        let mut replacement = None;
        let outcome = match &judge {
            Judge::Hash => {
                let checked = self.check_hash(account, permit, &password);
                checked.await.map(|(account, new)| {
                    replacement = new;
                    account
                })
            }
            Judge::Authorities(authorities) => {
                let asked = (authorities.as_slice(), permit);
                let asked = self.ask(asked, account, (credentials, &password), judged_by);
                asked.await
            }
        };
        let passwords = &self.components.passwords;
        if let Err(AuthError::InvalidCredentials(_)) = outcome {
            if judged_by.was_asked {
                passwords.record_refusal_elsewhere(begun.elapsed());
            } else {
                passwords.wait_like_refusal_elsewhere(begun).await;
            }
        }
        passwords.record_check(begun.elapsed());
        let Account {
            user,
            totp,
            last_login_at,
            password_hash,
            ..
        } = outcome?;
        let mut user = check_admission(user, credentials.organisation.as_ref())?;
        if let (Some(old), Some(new)) = (password_hash, replacement) {
            self.replace_hash(&user, &old, &new).await;
        }
        if let Some(totp) = totp {
            let attempt = FactorAttempt {
                totp: &totp,
                presented: &presented,
                known_device: login.known_device,
            };
            user = self.check_factor(user, attempt, credentials).await?;
        }
        self.record_login_time(&user, last_login_at).await;
        Ok(user)
    }

    /// Records that a user logged in, for operators, unless a login was recorded in the last day. A failure never fails
    /// the login.
    pub(super) async fn record_login_time(&self, user: &User, last: Option<OffsetDateTime>) {
        let now = self.now();
        if last.is_some_and(|last| now - last < Duration::from_hours(24)) {
            return;
        }
        if let Err(error) = self.components.directory.record_login(user.id, now).await {
            debug!(user.id = %user.id, %error, "the time of a login was not recorded");
        }
    }

    /// Returns who can judge the password. Fails with [`AuthError::Unavailable`] if the user belongs to an authority
    /// that the configuration does not have.
    pub(super) fn judge<'a>(
        &'a self,
        account: Option<&Account>,
        credentials: &'a Credentials,
        password: &SecretString,
    ) -> Result<Judge<'a>, AuthError> {
        let authorities = &self.components.authorities;
        let password = password.expose_secret();
        // No authority is asked what an LDAP server takes for an anonymous login, or cuts off.
        let has_nul = credentials.name.contains('\0') || password.contains('\0');
        if credentials.name.trim().is_empty() || password.is_empty() || has_nul {
            return Ok(Judge::Hash);
        }
        let Some(account) = account else {
            let creating = authorities.of_unknown_users(credentials.organisation.as_ref());
            let creating: Vec<_> = creating.collect();
            return Ok(if creating.is_empty() {
                Judge::Hash
            } else {
                Judge::Authorities(creating)
            });
        };
        let Some(name) = account.judging_authority() else {
            return Ok(Judge::Hash);
        };
        let authority = authorities.get(name).ok_or_else(|| {
            let reason = format!("{name}: the user belongs to it, but it is not configured");
            StoreError::new("authority", reason)
        })?;
        Ok(Judge::Authorities(vec![authority]))
    }

    /// Returns the account if its hash is of the password, with the hash that should replace one that is not current.
    /// Takes the same time without an account.
    async fn check_hash(
        &self,
        account: Option<Account>,
        permit: HashingPermit,
        password: &SecretString,
    ) -> Result<(Account, Option<SecretString>), AuthError> {
        let passwords = &self.components.passwords;
        let hash = account
            .as_ref()
            .and_then(|account| account.password_hash.clone());
        let Some(hash) = hash else {
            passwords.verify(password.clone(), None).await?;
            let cause = account.map_or(RefusalCause::UnknownName, |_| RefusalCause::NoPassword);
            return Err(AuthError::InvalidCredentials(cause));
        };
        let verified = passwords
            .verify_and_rehash(password.clone(), hash.expose_secret().to_owned())
            .await?;
        drop(permit);
        match account {
            Some(account) if verified.matches => Ok((account, verified.replacement)),
            _ => {
                let usable = passwords.check_hash(hash.expose_secret());
                let cause = usable
                    .map_or_else(RefusalCause::UnusableHash, |()| RefusalCause::WrongPassword);
                Err(AuthError::InvalidCredentials(cause))
            }
        }
    }
}

/// Returns whether the authority accepted the password of the stored hash at most `span` before `now`.
pub(super) fn is_trusted(account: &Account, span: Duration, now: OffsetDateTime) -> bool {
    let accepted_at = account.accepted_at;
    accepted_at.is_some_and(|accepted_at| now - accepted_at < span)
}
