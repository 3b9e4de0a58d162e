//! What an operator may set, under `[dialects.tokenlogin]`.

use std::time::Duration;

use isogloss_core::{Lifetime, Network, Purpose, SecondFactor, SecondFactorRule, Terms};
use isogloss_dialect::cors::{Cors, Origins, Style};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::password_policy::PasswordPolicy;

/// What an operator may set, under `[dialects.tokenlogin]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a session token lives.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub session_lifetime: Duration,
    /// What the life of a session token is counted from.
    pub session_lifetime_from: LifetimeFrom,
    /// How long a session token lives at the most where it lives by its use.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Duration>", extend("x-minimum" = "1s"))]
    pub longest_session_lifetime: Option<Duration>,
    /// How long a re-authentication token lives, counted from the login that asked for it.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub reauthentication_lifetime: Duration,
    /// How long the key of a password reset lives.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub reset_key_lifetime: Duration,
    /// Whether `TokenLogin` answers with the token it was given, rather than with none.
    pub echo_reauthentication_token: bool,
    /// What `Logout` ends.
    pub logout_ends: LogoutEnds,
    /// What a new password must be like.
    pub password_policy: PasswordPolicy,
    /// Origins whose pages may call, as browsers spell them; `["*"]` for any.
    pub cors_origins: Origins,
    /// Where the code of a second factor is looked for, as no member has it.
    pub second_factor: SecondFactorRule,
    /// Networks from which the password alone will do for users with a second factor.
    pub second_factor_allow_from: Vec<Network>,
}

/// What the life of a session token is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LifetimeFrom {
    /// From the login, used or not.
    #[default]
    Login,
    /// From its last use.
    Use,
}

/// What `Logout` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogoutEnds {
    /// The session, and the re-authentication token that it was born with or from.
    #[default]
    Device,
    /// The session alone.
    Session,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            session_lifetime: Duration::from_hours(12),
            session_lifetime_from: LifetimeFrom::default(),
            longest_session_lifetime: None,
            reauthentication_lifetime: Duration::from_hours(30 * 24),
            reset_key_lifetime: Duration::from_hours(1),
            echo_reauthentication_token: false,
            logout_ends: LogoutEnds::default(),
            password_policy: PasswordPolicy::default(),
            cors_origins: Origins::default(),
            second_factor: SecondFactorRule::default(),
            second_factor_allow_from: Vec::new(),
        }
    }
}

impl Settings {
    /// What a login with a password brings of the second factor.
    pub(crate) fn factor(&self) -> SecondFactor {
        SecondFactor::without_field(self.second_factor, &self.second_factor_allow_from)
    }

    /// What browsers are told. The vendor documents no clients in pages.
    pub(crate) fn cors(&self) -> Cors {
        Cors {
            origins: self.cors_origins.clone(),
            style: Style::Exception,
        }
    }

    /// The terms of a session, without its device.
    pub(crate) fn session(&self) -> Terms {
        let lifetime = match self.session_lifetime_from {
            LifetimeFrom::Login => Lifetime::Absolute(self.session_lifetime),
            LifetimeFrom::Use => Lifetime::Idle {
                span: self.session_lifetime,
                at_most: self.longest_session_lifetime,
            },
        };
        Terms::new(Purpose::Access, lifetime)
    }
}
