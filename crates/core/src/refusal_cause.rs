//! Why requests are refused, for operators.

use std::time::Duration;

use isogloss_password::HashError;
use time::OffsetDateTime;

use crate::audit::moment;
use crate::throttle::BucketKind;

/// Why a request was refused. Operators see it in the audit log; clients learn no more than the
/// [`AuthError`](crate::AuthError) that it is part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalCause {
    /// There is no user of that name.
    UnknownName,
    /// The user has no password here.
    NoPassword,
    /// The password is wrong.
    WrongPassword,
    /// The stored hash of the user's password cannot be checked.
    UnusableHash(HashError),
    /// The credentials are right, but the login names another organisation than the user's.
    OtherOrganisation {
        /// The user's organisation.
        belongs_to: String,
    },
    /// The credentials are right, but the login names another user.
    OtherUser,
    /// The user was erased in the meantime.
    Erased,
    /// There is no such card, or its pass code is wrong.
    UnknownCard,
    /// There is no such key.
    UnknownKey,
    /// The key has expired.
    ExpiredKey {
        /// The operator's name for the key.
        label: String,
    },
    /// The key acts as no user.
    KeyWithoutUser,
    /// The authority of the user refuses the login. What it said is recorded, too.
    Authority,
    /// The account is disabled.
    Disabled,
    /// The second factor is on, and the request has no code.
    CodeMissing,
    /// The code is wrong.
    CodeWrong,
    /// The code is right, but was used before.
    CodeUsed,
    /// There were too many wrong codes.
    CodesThrottled,
    /// The request has no token, or a text that is none.
    NoToken,
    /// The token is unknown: it was never issued, was ended, or expired some time ago.
    UnknownToken,
    /// The token has expired.
    TokenExpired {
        /// When it expired.
        at: OffsetDateTime,
    },
    /// The token is for another purpose.
    OtherPurpose,
    /// The one-time token was used before.
    UsedAgain,
    /// The user of the token is gone or disabled, all tokens of the user were ended, or the address changed to which it was
    /// sent.
    UserChanged,
    /// The administrator who acts as the user may not do so any more, or the session is over in which that began.
    ActorChanged,
    /// An authority judges the password of the user now.
    BelongsToAuthority,
    /// The user does not have the unit that the login names, or has no default unit.
    OtherUnit {
        /// The units of the user.
        available: Vec<String>,
    },
    /// The user is no administrator.
    NotAdministrator,
    /// The operator has cut off the client, or the dialect is shut down.
    ClientBlocked,
    /// The login from which the token would be derived is too long ago.
    LoginTooOld,
    /// There were too many wrong attempts, and a lock is active.
    Locked {
        /// What the attempts were counted for.
        by: BucketKind,
        /// How long the lock still lasts.
        retry_after: Duration,
    },
}

impl RefusalCause {
    /// Returns the name of the cause in events, such as `unknown_name`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UnknownName => "unknown_name",
            Self::NoPassword => "no_password",
            Self::WrongPassword => "wrong_password",
            Self::UnusableHash(_) => "unusable_hash",
            Self::OtherOrganisation { .. } => "other_organisation",
            Self::OtherUser => "other_user",
            Self::Erased => "erased",
            Self::UnknownCard => "unknown_card",
            Self::UnknownKey => "unknown_key",
            Self::ExpiredKey { .. } => "expired_key",
            Self::KeyWithoutUser => "key_without_user",
            Self::Authority => "authority",
            Self::Disabled => "disabled",
            Self::CodeMissing => "code_missing",
            Self::CodeWrong => "code_wrong",
            Self::CodeUsed => "code_used",
            Self::CodesThrottled => "codes_throttled",
            Self::NoToken => "no_token",
            Self::UnknownToken => "unknown_token",
            Self::TokenExpired { .. } => "token_expired",
            Self::OtherPurpose => "other_purpose",
            Self::UsedAgain => "used_again",
            Self::UserChanged => "user_changed",
            Self::ActorChanged => "actor_changed",
            Self::BelongsToAuthority => "belongs_to_authority",
            Self::OtherUnit { .. } => "other_unit",
            Self::NotAdministrator => "not_administrator",
            Self::ClientBlocked => "client_blocked",
            Self::LoginTooOld => "login_too_old",
            Self::Locked { .. } => "locked",
        }
    }

    /// Returns what belongs to the cause, as events have it: the organisation or the units that would fit, why the
    /// hash cannot be checked, when the token expired, what is locked and for how long. `None` if the name says
    /// everything.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::UnusableHash(error) => Some(format!("the hash {error}")),
            Self::OtherOrganisation { belongs_to } => Some(belongs_to.clone()),
            Self::ExpiredKey { label } => Some(label.clone()),
            Self::TokenExpired { at } => Some(moment(*at)),
            Self::OtherUnit { available } => Some(available.join(" ")),
            Self::Locked { by, retry_after } => Some(format!("{by}, {} s", retry_after.as_secs())),
            Self::UnknownName
            | Self::NoPassword
            | Self::WrongPassword
            | Self::OtherUser
            | Self::Erased
            | Self::UnknownCard
            | Self::UnknownKey
            | Self::KeyWithoutUser
            | Self::Authority
            | Self::Disabled
            | Self::CodeMissing
            | Self::CodeWrong
            | Self::CodeUsed
            | Self::CodesThrottled
            | Self::NoToken
            | Self::UnknownToken
            | Self::OtherPurpose
            | Self::UsedAgain
            | Self::UserChanged
            | Self::ActorChanged
            | Self::BelongsToAuthority
            | Self::NotAdministrator
            | Self::ClientBlocked
            | Self::LoginTooOld => None,
        }
    }
}
