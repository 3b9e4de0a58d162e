//! The decision of an authority about a password, and what it says about the user.

use std::fmt;
use std::time::Duration;

use super::Cause;
use crate::user::Role;

/// The decision of an authority about a password.
///
/// Exhaustive on purpose: a new variant stops the login from compiling until it is handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The password is right.
    Accepted(Box<Identity>),
    /// There is no user of that name. The next authority may know the user. An authority that cannot tell this from a
    /// wrong password answers [`Decision::Rejected`].
    UnknownUser,
    /// The password is wrong.
    Rejected,
    /// The password is right, but the user may not log in.
    Disabled(DisabledReason),
    /// The user may not log in, and the authority says so without having judged the password. For the client the
    /// password is wrong: an error of its own would tell which accounts exist. The audit log has the true cause.
    DisabledUnjudged(DisabledReason),
    /// The password is right, but the authority wants a second factor, which we cannot pass on.
    SecondFactorRequired,
    /// The authority has locked the user.
    Throttled {
        /// How long the lock still lasts. `None` if the authority does not say.
        retry_after: Option<Duration>,
    },
    /// The authority did not judge the password.
    Unavailable(Cause),
}

impl Decision {
    /// Returns the name of the decision in metrics and the audit log, such as `accepted`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::UnknownUser => "unknown_user",
            Self::Rejected => "rejected",
            Self::Disabled(_) => "disabled",
            Self::DisabledUnjudged(_) => "disabled_unjudged",
            Self::SecondFactorRequired => "second_factor_required",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

/// Why a user may not log in although the password is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    /// The account is disabled.
    Disabled,
    /// The account has expired.
    AccountExpired,
    /// The account may not be used at this time, or from here.
    Restricted,
    /// The password has expired or must be changed before it can be used.
    PasswordExpired,
}

impl DisabledReason {
    /// Returns the name of the reason in the audit log, such as `password_expired`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::AccountExpired => "account_expired",
            Self::Restricted => "restricted",
            Self::PasswordExpired => "password_expired",
        }
    }
}

/// What an authority says about a user. `None` means that it says nothing, and what is stored here stays.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The identifier, which never changes and is never given to another user: an `entryUUID`, an `objectGUID`, a
    /// `sub`. Not empty.
    pub external_id: String,
    /// The login name.
    pub user_name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// The URL of a picture.
    pub image_url: Option<String>,
    /// The language that the user prefers, as the authority writes it. What is no language tag is ignored.
    pub language: Option<String>,
    /// The role, already mapped.
    pub role: Option<Role>,
    /// The name of the organisation.
    pub organisation: Option<String>,
    /// The identifiers of the units.
    pub units: Option<Vec<String>>,
    /// The number of the user, for dialects that name users by number.
    pub number: Option<i64>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({}, …)", self.external_id)
    }
}
