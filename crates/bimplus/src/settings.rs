//! What an operator may set.

use std::num::NonZeroU32;
use std::time::Duration;

use isogloss_core::{Network, SecondFactor, SecondFactorRule};
use isogloss_dialect::cors::{Cors, CorsStyle, Origins};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::configurations::{Environment, Link};
use crate::portal_url::PortalUrl;

/// Settings under `[dialects.bimplus]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of yes or no to the operator"
)]
pub struct Settings {
    /// The lifetime of an access token.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub access_lifetime: Duration,
    /// The lifetime of a remember-me token.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub remember_lifetime: Duration,
    /// The lifetime of an unused cross token.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub cross_lifetime: Duration,
    /// The maximum time from the login with a password to the end of a session that was handed over by cross
    /// tokens, over any number of them.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub handover_lifetime: Duration,
    /// How long the link in an e-mail for a forgotten password is valid.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub reset_lifetime: Duration,
    /// How long the link in an invitation is valid.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub invitation_lifetime: Duration,
    /// Which application ids may log in.
    pub applications: Applications,
    /// Whether a login without an application id is refused.
    pub require_application_id: bool,
    /// Whether a remember-me token is refused unless the request also contains `remember_me` with true.
    pub strict_remember_me: bool,
    /// How many access tokens a user may have for one client and application id.
    pub logins_per_client: LoginsPerClient,
    /// How many remember-me tokens a user may have for one client and application id. Above the limit, the least
    /// recently used one ends. All machines with the vendor's .NET SDK share a client id.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub remember_me_per_client: NonZeroU32,
    /// Whether a remember-me token is refused with a client id other than the one of its login.
    pub bind_remember_me: bool,
    /// Whether every route is also served below a company's name.
    pub company_prefix: bool,
    /// Origins whose pages may call, written as browsers send them; `["*"]` for any.
    pub cors_origins: Origins,
    /// The base URL of links in e-mails.
    pub portal_url: PortalUrl,
    /// The `Environment` in the response to `GET configurations`.
    pub environment: Environment,
    /// The page for users who forgot their password, in the response to `GET configurations`.
    pub forgot_password_link: Link,
    /// The page on which users register.
    pub not_registered_link: Link,
    /// The page on which a user gets a team.
    pub team_link: Link,
    /// How to treat users with a second factor, because no request has a field for its code.
    pub second_factor: SecondFactorRule,
    /// Networks from which the password alone is sufficient for users with a second factor.
    pub second_factor_allow_from: Vec<Network>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_lifetime: Duration::from_hours(8),
            remember_lifetime: Duration::from_hours(30 * 24),
            cross_lifetime: Duration::from_mins(5),
            handover_lifetime: Duration::from_hours(30 * 24),
            reset_lifetime: Duration::from_hours(24),
            invitation_lifetime: Duration::from_hours(7 * 24),
            applications: Applications::Any,
            require_application_id: false,
            strict_remember_me: false,
            logins_per_client: LoginsPerClient::Many,
            remember_me_per_client: const { NonZeroU32::new(10).unwrap() },
            bind_remember_me: false,
            company_prefix: false,
            cors_origins: Origins::Any,
            portal_url: PortalUrl::default(),
            environment: Environment::Prod,
            forgot_password_link: Link::default(),
            not_registered_link: Link::default(),
            team_link: Link::default(),
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

    /// Returns the CORS policy. The web SDK runs in pages of other hosts. Applications may add headers of their own,
    /// which `*` covers in browsers that support it. No route accepts `PUT`, but the SDK's page must be able to read
    /// the error response.
    pub(crate) fn cors(&self) -> Cors {
        Cors {
            origins: self.cors_origins.clone(),
            style: CorsStyle::Open {
                methods: "DELETE, GET, POST, PUT",
                allowed_headers: "Authorization, Content-Type, Cache-Control, If-None-Match, \
                                  X-Client-Name, X-Client-Version, *",
                exposed_headers: Some("ETag, X-Total-Count"),
            },
        }
    }
}

/// Which application ids may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Applications {
    /// Any application id, or none.
    Any,
    /// Application ids that are keys of the realm `bimplus` in the directory, or none.
    Known,
}

impl TryFrom<String> for Applications {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "any" => Ok(Self::Any),
            "known" => Ok(Self::Known),
            _ => Err("expected any or known"),
        }
    }
}

/// How many access tokens a user may hold for one client and application id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum LoginsPerClient {
    /// Any number: tabs of one browser share a client id.
    Many,
    /// One: a login ends the previous one.
    One,
}

impl TryFrom<String> for LoginsPerClient {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "many" => Ok(Self::Many),
            "one" => Ok(Self::One),
            _ => Err("expected many or one"),
        }
    }
}
