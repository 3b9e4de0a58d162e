//! What an operator may set, under `[dialects.memsource]`.

mod validation;

use std::time::Duration;

use isogloss_dialect::cors::{Cors, CorsStyle, Origins};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings under `[dialects.memsource]`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The lifetime of a token, from the login.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub token_lifetime: Duration,
    /// The lifetime of a `loginOther` token, and of the browser session that it is redeemed for; never longer than
    /// `token_lifetime`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Duration", extend("x-minimum" = "1s"))]
    pub impersonation_lifetime: Duration,
    /// The response to a repeated login.
    pub login: Login,
    /// The format of `expires`, in both APIs.
    pub expires_style: ExpiresStyle,
    /// The format of roles in the old API. The newer one always uses upper case.
    pub role_style: RoleStyle,
    /// Whether `whoAmI` of the old API also returns `csrfToken` and `organization`.
    pub who_am_i_extras: bool,
    /// The target of `authByToken` if the request names none.
    #[serde(deserialize_with = "validation::redirect")]
    pub default_redirect: String,
    /// Origins (`https://host[:port]`) that may be the target of `authByToken`, in addition to paths of this host.
    #[serde(deserialize_with = "validation::origins")]
    pub redirect_origins: Vec<String>,
    /// Origins whose pages may call, written as browsers send them; `["*"]` for any.
    pub cors_origins: Origins,
    /// The name of the browser session's cookie.
    #[serde(deserialize_with = "validation::cookie_name")]
    pub cookie_name: String,
    /// Whether the cookie is sent over HTTPS only.
    pub cookie_secure: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_lifetime: Duration::from_hours(24),
            impersonation_lifetime: Duration::from_hours(24),
            login: Login::Fresh,
            expires_style: ExpiresStyle::Offset,
            role_style: RoleStyle::Upper,
            who_am_i_extras: false,
            default_redirect: "/web".to_owned(),
            redirect_origins: Vec::new(),
            cors_origins: Origins::Any,
            cookie_name: "isogloss_session".to_owned(),
            cookie_secure: true,
        }
    }
}

impl Settings {
    /// Returns how long a token of `loginOther` is valid: never longer than a token of a login.
    pub(crate) fn impersonation_lifetime(&self) -> Duration {
        self.impersonation_lifetime.min(self.token_lifetime)
    }

    /// Returns the CORS policy. A panel for Kirby logs in from its page, with its token in a header.
    pub(crate) fn cors(&self) -> Cors {
        Cors {
            origins: self.cors_origins.clone(),
            style: CorsStyle::Open {
                methods: "GET, POST",
                allowed_headers: "Authorization, Content-Type, *",
                exposed_headers: None,
            },
        }
    }
}

/// What a repeated login answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Login {
    /// A new token.
    Fresh,
    /// The existing token, if it is valid for another hour or more.
    Reuse,
}

impl TryFrom<String> for Login {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "fresh" => Ok(Self::Fresh),
            "reuse" => Ok(Self::Reuse),
            _ => Err("expected fresh or reuse"),
        }
    }
}

/// How `expires` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum ExpiresStyle {
    /// `2014-12-12T16:55:02+0000`
    Offset,
    /// `2014-12-12T16:55:02Z`
    Zulu,
}

impl TryFrom<String> for ExpiresStyle {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "offset" => Ok(Self::Offset),
            "zulu" => Ok(Self::Zulu),
            _ => Err("expected offset or zulu"),
        }
    }
}

/// How a role is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum RoleStyle {
    /// `ADMIN`, `PROJECT_MANAGER`, `LINGUIST`
    Upper,
    /// `Admin`, `Project_Manager`, `Linguist`
    Title,
}

impl TryFrom<String> for RoleStyle {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "upper" => Ok(Self::Upper),
            "title" => Ok(Self::Title),
            _ => Err("expected upper or title"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_settings_say_what_was_expected() {
        for (text, expected) in [
            ("expires_style = 'z'", "expected offset or zulu"),
            ("role_style = 'lower'", "expected upper or title"),
            ("login = 'again'", "expected fresh or reuse"),
        ] {
            let error = toml::from_str::<Settings>(text).unwrap_err();
            assert!(error.message().contains(expected), "{error}");
        }
        let settings: Settings = toml::from_str("expires_style = 'zulu'").unwrap();
        assert_eq!(settings.expires_style, ExpiresStyle::Zulu);
    }
}
