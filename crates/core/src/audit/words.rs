//! The words of an event: what happened, how it ended, and why.

use serde::{Serialize, Serializer};

use crate::error::AuthError;
use crate::password::PasswordError;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was not.
    Refused,
}

/// What a login was tried with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A name and a password.
    Password,
    /// An access card.
    Card,
    /// An application's key.
    Key,
}

/// Why something was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The credentials do not fit.
    Credentials,
    /// The account is disabled.
    Disabled,
    /// The second factor is missing or wrong.
    SecondFactor,
    /// The token is not valid.
    Token,
    /// The one-time token was used before.
    UsedAgain,
    /// The user may not do this.
    Forbidden,
    /// The key has not the scope.
    Scope,
    /// There is no such user in the administrator's organisation.
    UnknownUser,
    /// The new password cannot be set.
    Password,
    /// Too many wrong tries, or letters.
    Throttled,
    /// Too many logins at once.
    Overloaded,
    /// A store could not be asked.
    Unavailable,
}

impl From<&AuthError> for Reason {
    fn from(error: &AuthError) -> Self {
        match error {
            AuthError::InvalidCredentials => Self::Credentials,
            AuthError::AccountDisabled => Self::Disabled,
            AuthError::SecondFactorRequired => Self::SecondFactor,
            AuthError::InvalidToken => Self::Token,
            AuthError::Forbidden => Self::Forbidden,
            AuthError::Overloaded { .. } => Self::Overloaded,
            AuthError::Throttled { .. } => Self::Throttled,
            AuthError::Unavailable(_) => Self::Unavailable,
        }
    }
}

impl From<&PasswordError> for Reason {
    fn from(error: &PasswordError) -> Self {
        match error {
            PasswordError::Empty
            | PasswordError::TooLong
            | PasswordError::Nul
            | PasswordError::Bcrypt(_) => Self::Password,
            PasswordError::Auth(error) => error.into(),
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody logged in.
    Login,
    /// A token was issued, or the one before was handed out again.
    Issue,
    /// A one-time token was used.
    Redeem,
    /// A token was ended.
    Revoke,
    /// A token was ended because its user had too many.
    Evict,
    /// Sessions were ended by an administrator.
    EndSessions,
    /// An administrator wanted to log in as another user.
    Impersonate,
    /// A new password was set with a key from a letter.
    ResetPassword,
    /// A letter was asked for.
    Letter,
    /// Wrong tries were forgiven.
    ClearThrottle,
    /// Somebody called a route for administrators.
    Admin,
    /// A service exchanged a token for a JWT.
    Exchange,
    /// A user was added.
    AddUser,
    /// A user's name, role, organisation or the like was changed.
    EditUser,
    /// A user's password was set.
    SetPassword,
    /// A user was switched off.
    DisableUser,
    /// A user was switched on again.
    EnableUser,
    /// A user was erased. The event names the pseudonym that takes the user's place.
    EraseUser,
    /// A user's second factor was switched on or exchanged.
    EnrolTotp,
    /// A user's second factor was switched off.
    DisableTotp,
    /// A user got new recovery codes.
    RenewRecoveryCodes,
    /// A user got an application password.
    AddAppPassword,
    /// A user's application password was ended.
    RevokeAppPassword,
    /// A key was made.
    AddKey,
    /// A key was revoked.
    RevokeKey,
    /// An organisation was added.
    AddOrganisation,
    /// An organisation's name or default unit was changed.
    EditOrganisation,
    /// An organisation was removed.
    RemoveOrganisation,
    /// A unit was added or renamed.
    PutUnit,
    /// A unit was removed.
    RemoveUnit,
    /// A directory file was applied.
    ImportDirectory,
    /// Everything, or all tokens, were copied to a backup.
    BackUp,
    /// A backup was put in the place of what was there.
    Restore,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 33] = [
        Self::Login,
        Self::Issue,
        Self::Redeem,
        Self::Revoke,
        Self::Evict,
        Self::EndSessions,
        Self::Impersonate,
        Self::ResetPassword,
        Self::Letter,
        Self::ClearThrottle,
        Self::Admin,
        Self::Exchange,
        Self::AddUser,
        Self::EditUser,
        Self::SetPassword,
        Self::DisableUser,
        Self::EnableUser,
        Self::EraseUser,
        Self::EnrolTotp,
        Self::DisableTotp,
        Self::RenewRecoveryCodes,
        Self::AddAppPassword,
        Self::RevokeAppPassword,
        Self::AddKey,
        Self::RevokeKey,
        Self::AddOrganisation,
        Self::EditOrganisation,
        Self::RemoveOrganisation,
        Self::PutUnit,
        Self::RemoveUnit,
        Self::ImportDirectory,
        Self::BackUp,
        Self::Restore,
    ];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Issue => "issue",
            Self::Redeem => "redeem",
            Self::Revoke => "revoke",
            Self::Evict => "evict",
            Self::EndSessions => "end_sessions",
            Self::Impersonate => "impersonate",
            Self::ResetPassword => "reset_password",
            Self::Letter => "letter",
            Self::ClearThrottle => "clear_throttle",
            Self::Admin => "admin",
            Self::Exchange => "exchange",
            Self::AddUser => "add_user",
            Self::EditUser => "edit_user",
            Self::SetPassword => "set_password",
            Self::DisableUser => "disable_user",
            Self::EnableUser => "enable_user",
            Self::EraseUser => "erase_user",
            Self::EnrolTotp => "enrol_totp",
            Self::DisableTotp => "disable_totp",
            Self::RenewRecoveryCodes => "renew_recovery_codes",
            Self::AddAppPassword => "add_app_password",
            Self::RevokeAppPassword => "revoke_app_password",
            Self::AddKey => "add_key",
            Self::RevokeKey => "revoke_key",
            Self::AddOrganisation => "add_organisation",
            Self::EditOrganisation => "edit_organisation",
            Self::RemoveOrganisation => "remove_organisation",
            Self::PutUnit => "put_unit",
            Self::RemoveUnit => "remove_unit",
            Self::ImportDirectory => "import_directory",
            Self::BackUp => "back_up",
            Self::Restore => "restore",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
