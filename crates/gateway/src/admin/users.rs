//! Users: adds and changes them, disables and enables them, sets passwords.

pub(crate) mod summary;
mod view;

use std::sync::Arc;

use isogloss_core::audit::{Event, EventKind};
use isogloss_core::directory::{Attributes, Change, Changed, UserEdit, UserEntry, UserRecord};
use isogloss_core::{Language, Role, StoreError, User, UserState};
use isogloss_password::{NewPasswordError, Passwords};
use secrecy::SecretString;
use uuid::Uuid;

pub(crate) use self::view::{UserView, state_name};
use super::{AdminError, AdminService, event};

impl AdminService {
    /// Returns the user with that identifier, user name or e-mail address. An identifier takes precedence: a
    /// user whose name is another user's identifier must not be taken for that user.
    ///
    /// # Errors
    /// `NotFound` if there is no such user, `Unavailable` if the directory is unreachable.
    pub(crate) async fn user(&self, name: &str) -> Result<User, AdminError> {
        if let Ok(id) = Uuid::try_parse(name)
            && let Some(user) = self.directory.user(id).await?
        {
            return Ok(Arc::unwrap_or_clone(user));
        }
        let account = self.directory.account(name).await?;
        let account = account.ok_or_else(|| no_such_user(name))?;
        Ok(account.user)
    }

    /// Returns what administrators see of the user with that identifier, user name or e-mail address, like
    /// [`user`](Self::user).
    ///
    /// # Errors
    /// `NotFound` if there is no such user, `Unavailable` if the directory is unreachable.
    pub(crate) async fn user_record(&self, name: &str) -> Result<UserRecord, AdminError> {
        let id = self.user(name).await?.id;
        let record = self.directory.user_record(id).await?;
        record.ok_or_else(|| no_such_user(name))
    }

    /// Checks a new user as far as possible without a password, so that no password is prompted for or hashed
    /// in vain.
    ///
    /// # Errors
    /// `Malformed` for invalid values, `Conflict` if a name, a number or an address is in use, `NotFound` for
    /// an unknown organisation, `Unavailable` if the directory is unreachable.
    pub(crate) async fn check_new_user(&self, new: NewUser) -> Result<CheckedUser, AdminError> {
        let user = new.to_entry()?;
        if self.directory.account(&user.user_name).await?.is_some() {
            let reason = format!("{}: this user already exists", user.user_name);
            return Err(AdminError::Conflict(reason));
        }
        let checked_user = CheckedUser {
            user: Box::new(user),
            number: new.number,
        };
        self.directory.check(checked_user.clone().into()).await?;
        Ok(checked_user)
    }

    /// Hashes the password if there is one, adds a checked user, records the addition in the audit log, and returns
    /// the user.
    ///
    /// # Errors
    /// `Malformed` for an invalid password, `Conflict` if the name was taken since the check, `Unavailable` if the
    /// password cannot be hashed now or the directory is unreachable.
    pub(crate) async fn add_user(
        &self,
        mut checked_user: CheckedUser,
        password: Option<SecretString>,
        passwords: &Passwords,
    ) -> Result<UserRecord, AdminError> {
        let id = checked_user.user.id;
        let added = Event {
            user: Some(id),
            organisation: Some(checked_user.user.organisation.clone()),
            ..event(EventKind::AddUser)
        };
        if let Some(password) = password {
            checked_user.user.password_hash = Some(hash(password, passwords).await?);
        }
        let made = self.directory.change(checked_user.into()).await;
        user_of(self.record_change(added, made)?, id)
    }

    /// Changes a user, records it in the audit log, and returns the new state.
    ///
    /// # Errors
    /// `Malformed` for invalid values, `NotFound` if the user or the organisation does not exist, `Conflict` if
    /// a name or number is in use, `Unavailable` if the directory is unreachable.
    pub(crate) async fn edit_user(
        &self,
        user: &User,
        edit: UserEdit,
    ) -> Result<UserRecord, AdminError> {
        let (id, edit) = (user.id, Box::new(edit));
        let mut edited = about(EventKind::EditUser, user);
        if let Some(organisation) = &edit.organisation {
            edited.organisation = Some(organisation.clone());
        }
        let change = Change::EditUser { user: id, edit };
        let made = self.directory.change(change).await;
        user_of(self.record_change(edited, made)?, id)
    }

    /// Sets a user's password, which ends the user's tokens, and records the change in the audit log. Succeeds
    /// without a change of the directory if the user no longer exists.
    ///
    /// # Errors
    /// `Malformed` for an invalid password, `Unavailable` if the password cannot be hashed now or the directory is
    /// unreachable.
    pub(crate) async fn set_password(
        &self,
        user: &User,
        password: SecretString,
        passwords: &Passwords,
    ) -> Result<(), AdminError> {
        let hash = hash(password, passwords).await?;
        let made = self.directory.set_password(user.id, &hash).await;
        self.record_change(about(EventKind::SetPassword, user), made)
    }

    /// Disables a user, which ends the user's tokens, or enables a user, and records the change in the audit log.
    /// Succeeds without a change of the directory if the user no longer exists.
    ///
    /// # Errors
    /// `Unavailable` if the directory is unreachable.
    pub(crate) async fn set_state(&self, user: &User, to: UserState) -> Result<(), AdminError> {
        let kind = match to {
            UserState::Active => EventKind::EnableUser,
            UserState::Disabled => EventKind::DisableUser,
        };
        let made = self.directory.set_state(user.id, to).await;
        self.record_change(about(kind, user), made)
    }
}

/// A new user that was checked, without a password.
#[derive(Clone)]
pub(crate) struct CheckedUser {
    user: Box<UserEntry>,
    number: Option<i64>,
}

impl From<CheckedUser> for Change {
    fn from(CheckedUser { user, number }: CheckedUser) -> Self {
        Self::AddUser { user, number }
    }
}

/// A new user.
#[derive(Clone)]
pub(crate) struct NewUser {
    pub(crate) user_name: String,
    pub(crate) organisation: String,
    pub(crate) email: Option<String>,
    /// Default: the next free one.
    pub(crate) number: Option<i64>,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) image_url: String,
    pub(crate) language: Option<Language>,
    pub(crate) role: Option<String>,
    pub(crate) default_unit: Option<String>,
    pub(crate) units: Vec<String>,
    /// The authority to which the user belongs.
    pub(crate) authority: Option<String>,
    /// The identifier of the user there.
    pub(crate) external_id: Option<String>,
}

impl NewUser {
    /// Returns the directory's entry for the new user, without a password. Fails with `Malformed` for an
    /// unknown role.
    fn to_entry(&self) -> Result<UserEntry, AdminError> {
        let new = self.clone();
        let role = new.role.as_deref().map(parse_role).transpose()?;
        Ok(UserEntry {
            id: Uuid::new_v4(),
            number: 0,
            user_name: new.user_name,
            email: new.email,
            first_name: new.first_name,
            last_name: new.last_name,
            image_url: new.image_url,
            language: new.language,
            role: role.unwrap_or_default(),
            organisation: new.organisation,
            default_unit: new.default_unit,
            units: new.units,
            disabled: false,
            password_hash: None,
            authority: new.authority,
            external_id: new.external_id,
            adopted: false,
            accepted_at: None,
            last_login_at: None,
            replaced_hashes: Vec::new(),
            generation: 0,
            totp_secret: None,
            set_here: Vec::new(),
            recovery_codes: None,
            app_passwords: None,
            revoked_app_passwords: Vec::new(),
            access_cards: Vec::new(),
            imported: Attributes::new(),
            grandfathered: false,
        })
    }
}

/// Returns the role with that name. Fails with `Malformed`, which lists the names, if there is none.
pub(crate) fn parse_role(name: &str) -> Result<Role, AdminError> {
    Role::from_name(name).ok_or_else(|| {
        let names = Role::ALL.map(Role::name).join(", ");
        AdminError::Malformed(format!("{name}: the role is none of {names}"))
    })
}

/// Returns the language with that tag; `None` for an empty text. Fails with `Malformed` if it is no language tag.
pub(crate) fn parse_language(text: &str) -> Result<Option<Language>, AdminError> {
    let language = Language::parse_if_any(text);
    language.map_err(|error| AdminError::Malformed(format!("{text}: the language is {error}")))
}

/// Returns the hash of a password. Fails with `Malformed` if the password is invalid, and with `Unavailable` if
/// it cannot be hashed now.
async fn hash(password: SecretString, passwords: &Passwords) -> Result<String, AdminError> {
    let hash = passwords.hash_for_operator(password).await;
    hash.map_err(|error| match error {
        NewPasswordError::Invalid(error) => AdminError::Malformed(error.to_string()),
        NewPasswordError::Hashing(error) => StoreError::from(error).into(),
    })
}

/// Returns the user in the result of a change. Fails with `NotFound` if the change has removed the user.
fn user_of(changed: Changed, id: Uuid) -> Result<UserRecord, AdminError> {
    match changed {
        Changed::User(user) => Ok(*user),
        Changed::Organisation(_) | Changed::Removed => Err(no_such_user(id)),
    }
}

fn no_such_user(name: impl std::fmt::Display) -> AdminError {
    AdminError::NotFound(format!("{name}: no such user"))
}

fn about(kind: EventKind, user: &User) -> Event {
    event(kind).about(user)
}

#[cfg(test)]
mod tests;
