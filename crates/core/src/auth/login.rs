//! Logins by password, card and key.

use std::sync::Arc;
use std::time::Instant;

use isogloss_password::{Claimant, HashingPermit};
use secrecy::ExposeSecret;

use super::keys::KeyLogin;
use super::password_check::{AdmittedLogin, JudgedBy};
use super::throttling::settle_attempt;
use super::{AccessCard, Auth, Credentials, OrganisationName};
use crate::app_password::AppPassword;
use crate::directory::{CardRef, KeyDigest};
use crate::error::AuthError;
use crate::names::is_same_name;
use crate::observed_request::ObservedRequest;
use crate::refusal_cause::RefusalCause;
use crate::throttle::{Attempt, AttemptTarget, ClientIp, LoginOrigin};
use crate::token::Realm;
use crate::user::{Key, User, UserState};

impl Auth {
    pub(super) async fn try_password(
        &self,
        credentials: &Credentials,
        judged_by: &mut JudgedBy,
    ) -> Result<User, AuthError> {
        let (name, origin) = (&credentials.name, &credentials.origin);
        // An application password needs no hash, and therefore no hashing permit.
        let mut permit = match AppPassword::parse(credentials.password.expose_secret()) {
            Some(_) => None,
            None => Some(self.hashing_permit(origin)?),
        };
        let known_device = self.known_device(origin, name).await?;
        let target = AttemptTarget::Password(name);
        let mut attempt = self
            .attempt((target, known_device), origin, &mut permit)
            .await?;
        let share = self.share(target, attempt.as_ref());
        let outcome = match claimed(permit, &share) {
            Ok(permit) => {
                let login = AdmittedLogin {
                    credentials,
                    known_device,
                    permit,
                    share,
                };
                self.check_password(login, judged_by).await
            }
            Err(error) => Err(error),
        };
        let outcome = outcome.and_then(|user| origin.check_admission(user));
        if let (Some(attempt), Err(error)) = (&mut attempt, &outcome)
            && credentials.reveals_missing_code(error)
        {
            attempt.refund().await?;
        }
        settle_attempt(attempt, outcome).await
    }

    /// Returns a hashing permit, which counts for the source of `origin` and for the network of that source. Fails
    /// with [`AuthError::Overloaded`] if one of the two already holds its share, or if no permit is left. The
    /// permit is claimed for the account only once an attempt is granted: attempts of strangers that wait for
    /// that, or are refused, take nothing of the account's share.
    pub(super) fn hashing_permit(&self, origin: &LoginOrigin) -> Result<HashingPermit, AuthError> {
        let source = origin.source;
        let of = [source.map(ClientIp::host), source.map(ClientIp::network)];
        let claimants = of.into_iter().flatten().map(Claimant::Source);
        Ok(self.components.passwords.permit(claimants.collect())?)
    }

    /// Returns the claimant for which a granted attempt holds its permit, in addition to its source. A known
    /// client has a share of its own, which strangers cannot use up.
    fn share(&self, target: AttemptTarget<'_>, attempt: Option<&Attempt<'_>>) -> Claimant {
        let counted_for = attempt.and_then(Attempt::counted_for);
        let account = || target.account(&self.components.peppers.current);
        Claimant::Account(*counted_for.unwrap_or_else(account).as_bytes())
    }

    pub(super) async fn try_card(
        &self,
        card: AccessCard,
        organisation: &OrganisationName,
        origin: &LoginOrigin,
    ) -> Result<User, AuthError> {
        let (target, mut permit) = match &card {
            AccessCard::Code(code) => (AttemptTarget::CardCode(code.expose_secret()), None),
            AccessCard::Identifier { identifier, .. } => {
                let target = AttemptTarget::PassCode(identifier);
                (target, Some(self.hashing_permit(origin)?))
            }
        };
        let attempt = self.attempt((target, None), origin, &mut permit).await?;
        let share = self.share(target, attempt.as_ref());
        let outcome = match claimed(permit, &share) {
            Ok(_permit) => self.check_card(&card, organisation).await,
            Err(error) => Err(error),
        };
        let outcome = outcome.and_then(|user| origin.check_admission(user));
        settle_attempt(attempt, outcome).await
    }

    async fn check_card(
        &self,
        card: &AccessCard,
        organisation: &OrganisationName,
    ) -> Result<User, AuthError> {
        let user = match card {
            AccessCard::Code(code) => {
                let name = CardRef::Code(KeyDigest::of(code.expose_secret()));
                self.components
                    .directory
                    .card(name)
                    .await?
                    .map(|card| card.user)
            }
            AccessCard::Identifier {
                identifier,
                pass_code,
            } => {
                let begun = Instant::now();
                let card = self
                    .components
                    .directory
                    .card(CardRef::Identifier(identifier))
                    .await?;
                if let Some(card) = &card {
                    ObservedRequest::record_named_user(card.user.id);
                }
                let hash = card
                    .as_ref()
                    .and_then(|card| card.pass_code_hash.as_ref())
                    .map(|hash| hash.expose_secret().to_owned());
                let matches = self
                    .components
                    .passwords
                    .verify(pass_code.clone(), hash)
                    .await?;
                self.components.passwords.record_check(begun.elapsed());
                card.filter(|_| matches).map(|card| card.user)
            }
        };
        check_admission(
            user.ok_or(AuthError::InvalidCredentials(RefusalCause::UnknownCard))?,
            Some(organisation),
        )
    }

    pub(super) async fn try_key(
        &self,
        key: &str,
        origin: &LoginOrigin,
    ) -> Result<KeyLogin, AuthError> {
        let check = async {
            let KeyLogin { user, label } = self.check_key(origin.realm, key).await?;
            let user = origin.check_admission(user)?;
            Ok(KeyLogin { user, label })
        };
        self.throttled_key(key, origin, check).await
    }

    async fn check_key(&self, realm: Realm, key: &str) -> Result<KeyLogin, AuthError> {
        let Key { label, user, .. } = self.usable_key(realm, key).await?;
        let user = match user {
            Some(id) => self.user_of(id).await?.map(Arc::unwrap_or_clone),
            None => None,
        };
        let user = check_admission(
            user.ok_or(AuthError::InvalidCredentials(RefusalCause::KeyWithoutUser))?,
            None,
        )?;
        Ok(KeyLogin { user, label })
    }
}

impl OrganisationName {
    /// Returns the name as it was sent.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Exact(name) | Self::AnyCase(name) => name,
        }
    }

    /// Returns whether this is the name of an organisation.
    pub(crate) fn is(&self, organisation: &str) -> bool {
        match self {
            Self::Exact(name) => is_same_name(name, organisation),
            Self::AnyCase(name) => is_same_name(&name.to_lowercase(), &organisation.to_lowercase()),
        }
    }
}

/// Returns the permit, which then also counts for `share`. `None` if there is no permit. Fails with
/// [`AuthError::Overloaded`] if the share of that claimant is used up.
fn claimed(
    permit: Option<HashingPermit>,
    share: &Claimant,
) -> Result<Option<HashingPermit>, AuthError> {
    let claimed = permit.map(|permit| permit.claim(share.clone()));
    Ok(claimed.transpose()?)
}

/// Returns the user. Fails with [`AuthError::InvalidCredentials`] if `organisation` is given and is not the
/// user's, and with [`AuthError::AccountDisabled`] if the account is disabled.
pub(super) fn check_admission(
    user: User,
    organisation: Option<&OrganisationName>,
) -> Result<User, AuthError> {
    if organisation.is_some_and(|name| !name.is(&user.organisation.name)) {
        let belongs_to = user.organisation.name;
        let cause = RefusalCause::OtherOrganisation { belongs_to };
        return Err(AuthError::InvalidCredentials(cause));
    }
    match user.state {
        UserState::Active => Ok(user),
        UserState::Disabled => Err(AuthError::AccountDisabled(RefusalCause::Disabled)),
    }
}
