//! Users: added, switched off and on, given a password.

use isogloss_core::audit::{Event, Kind};
use isogloss_core::directory::file::{File, FileError, NewUser, import};
use isogloss_core::{PasswordError, Passwords, StoreError, User, UserState};
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Administration, Undone, event};

impl Administration {
    /// The user of that name, e-mail address or identifier.
    pub(crate) async fn user(&self, name: &str) -> Result<User, Undone> {
        if let Some(account) = self.directory.account(name).await? {
            return Ok(account.user);
        }
        let by_id = match Uuid::try_parse(name) {
            Ok(id) => self.directory.user(id).await?,
            Err(_) => None,
        };
        by_id.ok_or_else(|| Undone::NotFound(format!("{name}: no such user")))
    }

    /// Adds a user.
    pub(crate) async fn add_user(
        &self,
        new: NewUser,
        passwords: &Passwords,
    ) -> Result<User, Undone> {
        let name = new.user_name.clone();
        if self.directory.account(&name).await?.is_some() {
            let reason = format!("{name}: there is such a user already");
            return Err(Undone::Conflict(reason));
        }
        let file = File::of_user(new);
        let applied = import(self.directory.as_ref(), passwords, file, |_| {}).await;
        applied.map_err(|error| match error {
            FileError::Unavailable(error) => Undone::Unavailable(error),
            error @ (FileError::Read { .. }
            | FileError::Syntax { .. }
            | FileError::Entry { .. }
            | FileError::Password { .. }) => Undone::Malformed(error.to_string()),
        })?;
        let user = self.user(&name).await?;
        self.record(about(Kind::AddUser, &user));
        Ok(user)
    }

    /// Sets a password, and ends the user's tokens.
    pub(crate) async fn set_password(
        &self,
        user: &User,
        password: SecretString,
        passwords: &Passwords,
    ) -> Result<(), Undone> {
        let hash = passwords
            .hash(password)
            .await
            .map_err(|error| match error {
                error @ (PasswordError::Empty | PasswordError::TooLong | PasswordError::Nul) => {
                    Undone::Malformed(error.to_string())
                }
                error @ (PasswordError::Bcrypt(_) | PasswordError::Auth(_)) => {
                    StoreError::new("password hashing", error).into()
                }
            })?;
        self.directory.set_password(user.id, &hash).await?;
        self.record(about(Kind::SetPassword, user));
        Ok(())
    }

    /// Switches a user off, which ends all tokens, or on.
    pub(crate) async fn set_state(&self, user: &User, to: UserState) -> Result<(), Undone> {
        self.directory.set_state(user.id, to).await?;
        let kind = match to {
            UserState::Active => Kind::EnableUser,
            UserState::Disabled => Kind::DisableUser,
        };
        self.record(about(kind, user));
        Ok(())
    }
}

fn about(kind: Kind, user: &User) -> Event {
    event(kind).about(user)
}

/// A user as operators see one.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct Shown {
    pub(crate) id: Uuid,
    pub(crate) number: i64,
    pub(crate) user_name: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) image_url: String,
    pub(crate) role: &'static str,
    /// The organisation's name.
    pub(crate) organisation: String,
    pub(crate) units: Vec<String>,
    /// `active` or `disabled`.
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) default_unit: Option<String>,
}

impl From<User> for Shown {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            number: user.number,
            user_name: user.user_name,
            first_name: user.first_name,
            last_name: user.last_name,
            image_url: user.image_url,
            role: user.role.name(),
            organisation: user.organisation.name,
            units: user.units,
            state: state(user.state),
            email: user.email,
            default_unit: user.default_unit,
        }
    }
}

/// As it is shown.
pub(crate) fn state(state: UserState) -> &'static str {
    match state {
        UserState::Active => "active",
        UserState::Disabled => "disabled",
    }
}
