//! The values in an event: what happened, and how it ended.

use serde::{Serialize, Serializer};

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The operation was done.
    Done,
    /// The operation was not done.
    Refused,
}

impl Outcome {
    /// Both outcomes.
    pub const ALL: [Self; 2] = [Self::Done, Self::Refused];

    /// Returns the name of the outcome: `done` or `refused`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    /// Returns the outcome of that name. `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The credentials with which a login was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginMethod {
    /// A name and a password.
    Password,
    /// An access card.
    Card,
    /// An application's key.
    Key,
}

impl LoginMethod {
    /// Returns the name in events, such as `password`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Card => "card",
            Self::Key => "key",
        }
    }
}

impl Serialize for LoginMethod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A login.
    Login,
    /// A token was issued, or the previous one was returned again.
    Issue,
    /// A one-time token was used.
    Redeem,
    /// A token was ended.
    Revoke,
    /// A token was ended because its user had too many.
    Evict,
    /// Sessions were ended by an administrator.
    EndSessions,
    /// An administrator requested to log in as another user.
    Impersonate,
    /// A new password was set with a key or a link from an e-mail.
    ResetPassword,
    /// An e-mail was requested.
    Email,
    /// Counts of wrong attempts were reset.
    ClearThrottle,
    /// A route for administrators was called.
    Admin,
    /// The holder of a key signed in to the management console.
    ConsoleSignIn,
    /// The holder of a key signed out of the management console.
    ConsoleSignOut,
    /// A service exchanged a token for a JWT.
    Exchange,
    /// An operator tried a login step by step.
    TryLogin,
    /// A user was added.
    AddUser,
    /// A user's name, role, organisation or the like was changed.
    EditUser,
    /// A user was invited by e-mail to set a password.
    InviteUser,
    /// A user's password was set.
    SetPassword,
    /// A user was disabled.
    DisableUser,
    /// A user was enabled again.
    EnableUser,
    /// A user was erased. The event names the pseudonym that takes the user's place.
    EraseUser,
    /// A user's second factor was enabled or replaced.
    EnrolTotp,
    /// A user's second factor was disabled.
    DisableTotp,
    /// A user got new recovery codes.
    RenewRecoveryCodes,
    /// A user got an application password.
    AddAppPassword,
    /// A user's application password was ended.
    RevokeAppPassword,
    /// A key was created.
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
    /// The users of an authority were brought up to date with its list.
    SynchroniseUsers,
    /// Everything, or all tokens, were copied to a backup.
    BackUp,
    /// A backup replaced the existing data.
    Restore,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 38] = [
        Self::Login,
        Self::Issue,
        Self::Redeem,
        Self::Revoke,
        Self::Evict,
        Self::EndSessions,
        Self::Impersonate,
        Self::ResetPassword,
        Self::Email,
        Self::ClearThrottle,
        Self::Admin,
        Self::ConsoleSignIn,
        Self::ConsoleSignOut,
        Self::Exchange,
        Self::TryLogin,
        Self::AddUser,
        Self::EditUser,
        Self::InviteUser,
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
        Self::SynchroniseUsers,
        Self::BackUp,
        Self::Restore,
    ];

    /// Returns the name of the kind in events, such as `login`.
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
            Self::Email => "letter",
            Self::ClearThrottle => "clear_throttle",
            Self::Admin => "admin",
            Self::ConsoleSignIn => "console_sign_in",
            Self::ConsoleSignOut => "console_sign_out",
            Self::Exchange => "exchange",
            Self::TryLogin => "try_login",
            Self::AddUser => "add_user",
            Self::EditUser => "edit_user",
            Self::InviteUser => "invite_user",
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
            Self::SynchroniseUsers => "synchronise_users",
            Self::BackUp => "back_up",
            Self::Restore => "restore",
        }
    }

    /// Returns the kind with that name in events. `None` if there is no such kind.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
