//! What an operator may set, under `[dialects.tokenlogin]`.

use std::time::Duration;

use isogloss_core::{Lifetime, Network, Purpose, SecondFactor, SecondFactorRule, Terms};
use isogloss_dialect::cors::{Cors, CorsStyle, Origins};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::password_policy::PasswordPolicy;

/// Settings under `[dialects.tokenlogin]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The lifetime of a session token.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub session_lifetime: Duration,
    /// The start of a session token's lifetime.
    pub session_lifetime_from: LifetimeFrom,
    /// The maximum lifetime of a session token whose expiry is extended by use.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Duration>", extend("x-minimum" = "1s"))]
    pub longest_session_lifetime: Option<Duration>,
    /// The lifetime of a re-authentication token, from the login that requested it.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub reauthentication_lifetime: Duration,
    /// The lifetime of the key in a password reset e-mail.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub reset_key_lifetime: Duration,
    /// Whether `TokenLogin` returns the token of the request instead of an empty one.
    pub echo_reauthentication_token: bool,
    /// What `Logout` ends.
    pub logout_ends: LogoutEnds,
    /// Rules for new passwords.
    pub password_policy: PasswordPolicy,
    /// Origins whose pages may call, written as browsers send them; `["*"]` for any.
    pub cors_origins: Origins,
    /// How to treat users with a second factor, because no request has a field for its code.
    pub second_factor: SecondFactorRule,
    /// Networks from which the password alone is sufficient for users with a second factor.
    pub second_factor_allow_from: Vec<Network>,
}

/// What the life of a session token is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LifetimeFrom {
    /// The login.
    #[default]
    Login,
    /// The last use of the token.
    Use,
}

/// What `Logout` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogoutEnds {
    /// The session, and the re-authentication token of the same login or from which it was issued.
    #[default]
    Device,
    /// Only the session.
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
    /// Returns the second factor of a login with a password: no request has a field for a code, so the settings decide.
    pub(crate) fn factor(&self) -> SecondFactor {
        SecondFactor::without_field(self.second_factor, &self.second_factor_allow_from)
    }

    /// Returns the CORS policy. The vendor documents no clients in pages, so only origins that the operator lists are
    /// allowed.
    pub(crate) fn cors(&self) -> Cors {
        Cors {
            origins: self.cors_origins.clone(),
            style: CorsStyle::OptIn,
        }
    }

    /// Returns the terms of a session token, without a device.
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
