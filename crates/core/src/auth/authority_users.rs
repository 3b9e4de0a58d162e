//! Users as an authority describes them: found, linked, created and updated after it accepted their password.

use secrecy::{ExposeSecret as _, SecretString};
use tracing::{info, warn};
use uuid::Uuid;

use super::Auth;
use super::authority_login::unavailable;
use super::password_check::JudgedBy;
use crate::authority::edits::{access_edit, may_link, names_edit, new_entry};
use crate::authority::{AuthoritySettings, Cause, CauseKind, Identity, LimitedAuthority};
use crate::directory::{
    Acceptance, AcceptedPassword, Account, AuthorityLink, Change, ChangeError, Changed, UserEdit,
};
use crate::error::{AuthError, StoreError};
use crate::refusal_cause::RefusalCause;
use crate::user::User;

/// Why a user whom an authority accepts is not logged in.
pub(super) enum LinkError {
    /// The user is not the one of the account here, or cannot be one.
    Refused(Cause),
    /// The user was erased here, which no login undoes.
    Erased,
    /// A store is unavailable, or our own hash refuses the password.
    Auth(AuthError),
}

impl From<StoreError> for LinkError {
    fn from(error: StoreError) -> Self {
        Self::Auth(error.into())
    }
}

impl From<AuthError> for LinkError {
    fn from(error: AuthError) -> Self {
        Self::Auth(error)
    }
}

impl LinkError {
    /// Returns the error of the login, and writes the cause into the audit log and the log.
    pub(super) fn report(
        self,
        settings: &AuthoritySettings,
        judged_by: &mut JudgedBy,
    ) -> AuthError {
        match self {
            Self::Refused(cause) => {
                let authority = settings.name.as_str();
                warn!(authority, %cause, "a user whom an authority accepts cannot log in");
                judged_by.cause = Some(cause.kind.name().to_owned());
                unavailable(settings, cause)
            }
            Self::Erased => {
                judged_by.cause = Some("erased".to_owned());
                AuthError::InvalidCredentials(RefusalCause::Erased)
            }
            Self::Auth(error) => error,
        }
    }
}

/// Returns whether the account is linked to the user whom the authority describes.
fn is_linked(account: &Account, settings: &AuthoritySettings, identity: &Identity) -> bool {
    account.link.as_ref().is_some_and(|link| {
        link.authority == settings.name && link.external_id.as_ref() == Some(&identity.external_id)
    })
}

fn refused(kind: CauseKind, detail: impl std::fmt::Display) -> LinkError {
    LinkError::Refused(Cause::new(kind, detail))
}

impl Auth {
    /// Returns the account if it is that of the user whom the authority describes: it has the same identifier there,
    /// or none yet and the operator lets the authority link it.
    pub(super) async fn check_link(
        &self,
        authority: &LimitedAuthority,
        account: Account,
        identity: &Identity,
    ) -> Result<Account, LinkError> {
        let settings = authority.settings();
        let external_id = account
            .link
            .as_ref()
            .and_then(|link| link.external_id.as_ref());
        match external_id {
            Some(external_id) if *external_id == identity.external_id => return Ok(account),
            Some(_) => {
                let reason = "the name is of another of its users than the one linked here";
                return Err(refused(CauseKind::NotLinked, reason));
            }
            None => {}
        }
        if !may_link(settings, &account.user, identity) {
            let reason = "the user has no identifier there yet, and `match` does not link the user";
            return Err(refused(CauseKind::NotLinked, reason));
        }
        let directory = &self.components.directory;
        let other = directory.linked_account(&settings.name, &identity.external_id);
        if other.await?.is_some() {
            let reason = "its user is linked to another user here";
            return Err(refused(CauseKind::NotLinked, reason));
        }
        Ok(account)
    }

    /// Returns the account of a user whose login name is unknown here: one that was linked before, one that the
    /// operator lets the authority link, or a new one.
    pub(super) async fn account_of(
        &self,
        authority: &LimitedAuthority,
        identity: &Identity,
        (login, password): (&str, &SecretString),
    ) -> Result<Account, LinkError> {
        let settings = authority.settings();
        let directory = &self.components.directory;
        let linked = directory.linked_account(&settings.name, &identity.external_id);
        if let Some(account) = linked.await? {
            return self.unless_refused_here(account, password).await;
        }
        let name = identity.user_name.as_deref().unwrap_or(login);
        let known = [Some(name), identity.email.as_deref()];
        for name in known.into_iter().flatten() {
            let Some(account) = directory.account(name).await? else {
                continue;
            };
            // Another login has created the user since the link was looked up.
            if is_linked(&account, settings, identity) {
                return self.unless_refused_here(account, password).await;
            }
            let is_ours = account.link.as_ref().is_some_and(|link| {
                link.authority == settings.name && link.external_id.is_none() && !link.is_adopted
            });
            if is_ours {
                return self.check_link(authority, account, identity).await;
            }
            let reason = "another user here has its user's name or e-mail address";
            return Err(refused(CauseKind::NotLinked, reason));
        }
        let logins: Vec<_> = known.into_iter().flatten().map(str::to_owned).collect();
        let was_erased = directory.was_erased(&settings.name, &identity.external_id, &logins);
        if was_erased.await? {
            return Err(LinkError::Erased);
        }
        let entry = new_entry(settings, identity, name).ok_or_else(|| {
            let reason = "neither it nor the configuration says the user's organisation";
            refused(CauseKind::InvalidUser, reason)
        })?;
        let number = identity.number;
        let id = entry.id;
        let change = Change::AddUser {
            user: Box::new(entry),
            number,
        };
        let created = directory.change(change).await;
        // Of several first logins of one user, one creates the user, and all of them find the user here.
        let linked = directory.linked_account(&settings.name, &identity.external_id);
        match (created, linked.await?) {
            (Ok(_), Some(account)) => {
                let authority = settings.name.as_str();
                info!(authority, user.id = %id, "created a user whom an authority accepts");
                Ok(account)
            }
            (Err(ChangeError::Invalid(_)), Some(account)) => Ok(account),
            (Err(ChangeError::Invalid(reason)), None) => {
                Err(refused(CauseKind::InvalidUser, reason))
            }
            (Ok(_), None) => Err(refused(
                CauseKind::InvalidUser,
                "the user was removed again",
            )),
            (Err(ChangeError::Unavailable(error)), _) => Err(error.into()),
        }
    }

    /// Returns the account unless its user was adopted and our own hash, which alone counts since then, refuses the
    /// password.
    async fn unless_refused_here(
        &self,
        account: Account,
        password: &SecretString,
    ) -> Result<Account, LinkError> {
        let is_adopted = account.link.as_ref().is_some_and(|link| link.is_adopted);
        if !is_adopted || self.matches_stored(&account, password).await? {
            Ok(account)
        } else {
            Err(AuthError::InvalidCredentials(RefusalCause::WrongPassword).into())
        }
    }

    /// Stores what the authority says about the user and is not stored yet, and returns the account with it. What it
    /// does not say stays. If the role, the organisation or the units cannot be stored, the login fails: the user may
    /// have lost rights.
    pub(super) async fn update_user(
        &self,
        settings: &AuthoritySettings,
        mut account: Account,
        identity: &Identity,
    ) -> Result<Account, LinkError> {
        if account.link.as_ref().is_some_and(|link| link.is_adopted) {
            return Ok(account);
        }
        let access = access_edit(settings, &account.user, identity);
        if access != UserEdit::default() {
            match self.edit(account.user.id, access).await {
                Ok(user) => account.user = user,
                Err(ChangeError::Invalid(reason)) => {
                    return Err(refused(CauseKind::InvalidUser, reason));
                }
                Err(ChangeError::Unavailable(error)) => return Err(error.into()),
            }
        }
        let names = names_edit(settings, &account.user, identity);
        if names != UserEdit::default() {
            match self.edit(account.user.id, names).await {
                Ok(user) => account.user = user,
                Err(ChangeError::Invalid(reason)) => {
                    let (authority, id) = (settings.name.as_str(), account.user.id);
                    warn!(authority, user.id = %id, %reason, "what an authority says of a user is not stored");
                }
                Err(ChangeError::Unavailable(error)) => return Err(error.into()),
            }
        }
        Ok(account)
    }

    async fn edit(&self, user: Uuid, edit: UserEdit) -> Result<User, ChangeError> {
        let edit = Box::new(edit);
        let change = Change::EditUser { user, edit };
        match self.components.directory.change(change).await? {
            Changed::User(user) => Ok(user.user),
            Changed::Organisation(_) | Changed::Removed => {
                Err(StoreError::new("directory", "the user was removed").into())
            }
        }
    }

    /// Records that the authority accepted the password, and returns the account as it is then. Of several concurrent
    /// logins, one may have adopted the user before.
    pub(super) async fn record_acceptance(
        &self,
        mut account: Account,
        acceptance: Acceptance,
    ) -> Result<Account, LinkError> {
        let directory = &self.components.directory;
        let user = account.user.id;
        let Acceptance {
            authority,
            external_id,
            password,
            ..
        } = &acceptance;
        let link = AuthorityLink {
            authority: authority.clone(),
            external_id: Some(external_id.clone()),
            is_adopted: matches!(password, AcceptedPassword::Adopt(_)),
        };
        let nothing_changes = matches!(password, AcceptedPassword::Forget)
            && account.password_hash.is_none()
            && account.link.as_ref() == Some(&link);
        if nothing_changes {
            return Ok(account);
        }
        if !directory.record_acceptance(user, &acceptance).await? {
            let linked = directory.linked_account(authority, external_id).await?;
            let linked = linked.filter(|linked| linked.user.id == user);
            return linked.ok_or_else(|| {
                let reason = "the user was given to another authority meanwhile";
                refused(CauseKind::NotLinked, reason)
            });
        }
        account.link = Some(link);
        Ok(account)
    }

    /// Replaces the hash of a user's password by a current one. A failure never fails the login: the next login tries
    /// again.
    pub(super) async fn replace_hash(&self, user: &User, old: &SecretString, new: &SecretString) {
        let directory = &self.components.directory;
        let (old, new) = (old.expose_secret(), new.expose_secret());
        if let Err(error) = directory.replace_hash(user.id, old, new).await {
            warn!(user.id = %user.id, %error, "cannot upgrade a password hash");
        }
    }
}
