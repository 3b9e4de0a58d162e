//! What an operator may set, and what follows from it.

use std::time::Duration;

use isogloss_core::{Lifetime, Network, OrganisationName, SecondFactor, SecondFactorRule};
use isogloss_dialect::cors::{Cors, CorsStyle, Origins};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const ONE_HOUR: Duration = Duration::from_hours(1);
const TWO_HOURS: Duration = Duration::from_hours(2);

/// Settings under `[dialects.crmcom]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The release of CRM.COM that the clients were written for.
    pub release: Release,
    /// The lifetime of a token; default: that of the release.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Duration>", extend("x-minimum" = "1s"))]
    pub token_lifetime: Option<Duration>,
    /// The maximum lifetime of a token whose expiry is extended by use.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Duration>", extend("x-minimum" = "1s"))]
    pub longest_lifetime: Option<Duration>,
    /// Whether a refusal has the matching HTTP status instead of 200.
    pub strict_status: bool,
    /// How the organisation of a login is compared.
    pub organisation_match: OrganisationMatch,
    /// Origins whose pages may call, written as browsers send them; `["*"]` for any.
    pub cors_origins: Origins,
    /// How to treat users with a second factor, because no request has a field for its code.
    pub second_factor: SecondFactorRule,
    /// Networks from which the password alone is sufficient for users with a second factor.
    pub second_factor_allow_from: Vec<Network>,
}

impl Settings {
    /// Returns the lifetime of a token for a user, by the rule of the release.
    pub(crate) fn lifetime(&self) -> Lifetime {
        let span = |documented| self.token_lifetime.unwrap_or(documented);
        match self.release {
            Release::R6 => Lifetime::Absolute(span(ONE_HOUR)),
            Release::R10 => Lifetime::Idle {
                span: span(ONE_HOUR),
                at_most: self.longest_lifetime,
            },
            Release::R12 => Lifetime::Absolute(span(TWO_HOURS)),
        }
    }

    /// Returns the second factor of a login with a password: no request has a field for a code, so the settings decide.
    pub(crate) fn factor(&self) -> SecondFactor {
        SecondFactor::without_field(self.second_factor, &self.second_factor_allow_from)
    }

    /// Returns the CORS policy. No known client runs in a page, so only origins that the operator lists are allowed.
    pub(crate) fn cors(&self) -> Cors {
        Cors {
            origins: self.cors_origins.clone(),
            style: CorsStyle::OptIn,
        }
    }

    /// Returns the lifetime of a token for a web API key, which the vendor documents with one rule for all releases.
    pub(crate) fn key_lifetime(&self) -> Lifetime {
        Lifetime::Absolute(self.token_lifetime.unwrap_or(TWO_HOURS))
    }
}

/// A release of CRM.COM, as far as the releases differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Release {
    /// R5 to R9: one hour from the login; a success has no texts.
    #[default]
    R6,
    /// R10 and R11: one hour from the last use; a success has empty texts.
    R10,
    /// R12 and later: two hours from the login; a success has empty texts.
    R12,
}

impl Release {
    /// Returns the value of `message` and `description` in a response without a text: `None` for `null`.
    pub(crate) const fn empty_text(self) -> Option<&'static str> {
        match self {
            Self::R6 => None,
            Self::R10 | Self::R12 => Some(""),
        }
    }
}

impl TryFrom<String> for Release {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "r6" => Ok(Self::R6),
            "r10" => Ok(Self::R10),
            "r12" => Ok(Self::R12),
            _ => Err("expected r6, r10 or r12"),
        }
    }
}

/// How the organisation of a login is compared with the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", try_from = "String")]
pub enum OrganisationMatch {
    /// Upper and lower case must match.
    #[default]
    Exact,
    /// Upper and lower case are treated as equal.
    AnyCase,
}

impl OrganisationMatch {
    /// Returns an organisation's name with the way to compare it.
    pub(crate) fn organisation_name(self, name: String) -> OrganisationName {
        match self {
            Self::Exact => OrganisationName::Exact(name),
            Self::AnyCase => OrganisationName::AnyCase(name),
        }
    }
}

impl TryFrom<String> for OrganisationMatch {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "exact" => Ok(Self::Exact),
            "any_case" => Ok(Self::AnyCase),
            _ => Err("expected exact or any_case"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(settings: serde_json::Value) -> Result<Settings, String> {
        serde_json::from_value(settings).map_err(|error| error.to_string())
    }

    fn idle(span: Duration) -> Lifetime {
        Lifetime::Idle {
            span,
            at_most: None,
        }
    }

    #[test]
    fn each_release_has_its_lifetime() {
        for (release, expected) in [
            ("r6", Lifetime::Absolute(ONE_HOUR)),
            ("r10", idle(ONE_HOUR)),
            ("r12", Lifetime::Absolute(TWO_HOURS)),
        ] {
            let settings = read(json!({"release": release})).unwrap();
            assert_eq!(settings.lifetime(), expected, "{release}");
            assert_eq!(settings.key_lifetime(), Lifetime::Absolute(TWO_HOURS));
        }
    }

    #[test]
    fn a_token_lifetime_changes_the_span_and_not_the_rule() {
        let five = Duration::from_mins(5);
        for (release, expected) in [
            ("r6", Lifetime::Absolute(five)),
            ("r10", idle(five)),
            ("r12", Lifetime::Absolute(five)),
        ] {
            let settings = read(json!({"release": release, "token_lifetime": "5m"})).unwrap();
            assert_eq!(settings.lifetime(), expected, "{release}");
            assert_eq!(settings.key_lifetime(), Lifetime::Absolute(five));
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for settings in [
            json!({"release": "r6", "strict_status": false, "organisation_match": "exact",
                   "cors_origins": [], "second_factor": "refuse", "second_factor_allow_from": []}),
            json!({"release": "r10", "strict_status": true, "organisation_match": "any_case",
                   "cors_origins": ["https://app.example"], "second_factor": "append", "second_factor_allow_from": ["10.0.0.0/8"]}),
            json!({"release": "r12", "token_lifetime": "1h", "strict_status": true,
                   "organisation_match": "exact", "cors_origins": ["*"], "second_factor": "append",
                   "second_factor_allow_from": []}),
        ] {
            let written = serde_json::to_value(read(settings.clone()).unwrap()).unwrap();
            assert_eq!(written, settings);
        }
    }

    #[test]
    fn an_unknown_word_is_refused_with_those_that_exist() {
        let error = read(json!({"release": "r7"})).unwrap_err();
        assert_eq!(error, "expected r6, r10 or r12");
        let error = read(json!({"organisation_match": "loose"})).unwrap_err();
        assert_eq!(error, "expected exact or any_case");
    }
}
