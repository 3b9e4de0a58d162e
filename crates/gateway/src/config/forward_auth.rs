//! `[forward_auth]`: headers for applications that read the user from a header of their own.

mod header_names;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::header_names::check_name;
use super::Jwt;
use super::error::ConfigError;

/// Headers for applications that read the user from a header of their own, in responses of forward-auth and in calls that
/// the gateway relays to a back end.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ForwardAuth {
    /// How characters outside ASCII are written in these headers.
    pub values: ValueEncoding,
    /// The headers, each with the claim that is its value. A header without a value is empty. What clients send under such
    /// a name never reaches a back end.
    pub headers: BTreeMap<String, HeaderClaim>,
}

/// How characters outside ASCII are written in a header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub enum ValueEncoding {
    /// Like `J%C3%BCrgen`, and `%` as `%25`.
    #[default]
    #[serde(rename = "percent-encoded")]
    PercentEncoded,
    /// Unchanged, as UTF-8. A value with a control character is empty.
    #[serde(rename = "utf-8")]
    Utf8,
}

impl TryFrom<String> for ValueEncoding {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "percent-encoded" => Ok(Self::PercentEncoded),
            "utf-8" => Ok(Self::Utf8),
            _ => Err("expected percent-encoded or utf-8"),
        }
    }
}

/// What a header says of the user, the token or the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", try_from = "String")]
pub enum HeaderClaim {
    /// The user name.
    UserName,
    /// The e-mail address.
    Email,
    /// The identifier of the user, a UUID.
    Id,
    /// The number of the user.
    Number,
    /// The name of the organisation.
    Organisation,
    /// The identifier of the organisation, a UUID.
    OrganisationId,
    /// `ADMIN`, `PROJECT_MANAGER` or `LINGUIST`.
    Role,
    /// The scopes of the role and the dialect, separated by spaces.
    Scope,
    /// The unit of a CRM.COM login or of a BIMplus cross-authorize.
    Unit,
    /// The team of a BIMplus cross-authorize.
    Team,
    /// The identifier of the administrator who acts as the user.
    Actor,
    /// The dialect of the token.
    Dialect,
    /// When the token expires, in Unix time.
    Expires,
    /// The name that the device or program gives itself; not verified.
    Device,
    /// The application that the client says it is; not verified.
    Application,
    /// The project that the client says the user wants to open; not verified.
    ClaimedProject,
    /// A JWT. Requires `jwt.enabled`.
    Jwt,
    /// `Bearer` and a JWT, for `Authorization`. Requires `jwt.enabled`.
    Bearer,
}

impl HeaderClaim {
    /// All claims, each with its name in the configuration.
    const NAMES: [(&str, Self); 18] = [
        ("user_name", Self::UserName),
        ("email", Self::Email),
        ("id", Self::Id),
        ("number", Self::Number),
        ("organisation", Self::Organisation),
        ("organisation_id", Self::OrganisationId),
        ("role", Self::Role),
        ("scope", Self::Scope),
        ("unit", Self::Unit),
        ("team", Self::Team),
        ("actor", Self::Actor),
        ("dialect", Self::Dialect),
        ("expires", Self::Expires),
        ("device", Self::Device),
        ("application", Self::Application),
        ("claimed_project", Self::ClaimedProject),
        ("jwt", Self::Jwt),
        ("bearer", Self::Bearer),
    ];
}

impl TryFrom<String> for HeaderClaim {
    type Error = String;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        let known = Self::NAMES.iter().find(|(name, _)| *name == word);
        known.map(|(_, claim)| *claim).ok_or_else(|| {
            let names = Self::NAMES.map(|(name, _)| name);
            format!("expected one of {}", names.join(", "))
        })
    }
}

impl ForwardAuth {
    /// Fails if a header cannot be used, is there twice, or has a JWT that is not issued.
    pub(super) fn check(&self, jwt: &Jwt) -> Result<(), ConfigError> {
        let mut known = BTreeSet::new();
        for (name, claim) in &self.headers {
            let problem = |reason: &str| {
                let key = format!("forward_auth.headers.{name}");
                Err(ConfigError::new(key, reason))
            };
            let lower = name.to_ascii_lowercase();
            if let Err(reason) = check_name(&lower) {
                return problem(reason);
            }
            let is_authorization = lower == "authorization";
            if !known.insert(lower) {
                return problem("expected each header once, in upper or lower case");
            }
            if is_authorization && *claim != HeaderClaim::Bearer {
                return problem("expected bearer");
            }
            if matches!(claim, HeaderClaim::Jwt | HeaderClaim::Bearer) && !jwt.enabled {
                return problem("expected jwt.enabled, too");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the message of a table of headers, or an empty text if it is accepted.
    fn refusal(headers: &[(&str, HeaderClaim)], signs: bool) -> String {
        let headers = headers.iter();
        let settings = ForwardAuth {
            headers: headers
                .map(|(name, claim)| ((*name).to_owned(), *claim))
                .collect(),
            ..ForwardAuth::default()
        };
        let jwt = Jwt {
            enabled: signs,
            ..Jwt::default()
        };
        let problem = settings.check(&jwt).err();
        problem
            .map(|problem| problem.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn headers_that_applications_read_are_accepted() {
        for name in [
            "Remote-User",
            "remote-groups",
            "X-Forwarded-User",
            "X-Forwarded-Preferred-Username",
            "X-WEBAUTH-USER",
            "X-Auth-Request-Email",
            "Auth-User",
        ] {
            assert_eq!(refusal(&[(name, HeaderClaim::UserName)], false), "");
        }
        assert_eq!(refusal(&[("Authorization", HeaderClaim::Bearer)], true), "");
    }

    #[test]
    fn a_header_that_cannot_be_used_is_refused_by_its_name() {
        let user = HeaderClaim::UserName;
        for (headers, reason) in [
            (
                &[("Remote_User", user)][..],
                "expected a name of letters, digits and dashes",
            ),
            (
                &[("Remote User", user)],
                "expected a name of letters, digits and dashes",
            ),
            (
                &[("", user)],
                "expected a name of letters, digits and dashes",
            ),
            (&[("Authorization", user)], "expected bearer"),
            (
                &[("Remote-User", HeaderClaim::Jwt)],
                "expected jwt.enabled, too",
            ),
            (
                &[("Authorization", HeaderClaim::Bearer)],
                "expected jwt.enabled, too",
            ),
            (
                &[("REMOTE-USER", user), ("remote-user", user)],
                "expected each header once",
            ),
        ] {
            let refusal = refusal(headers, false);
            let start = "forward_auth.headers.";
            assert!(refusal.starts_with(start), "{headers:?}: {refusal}");
            assert!(refusal.contains(reason), "{headers:?}: {refusal}");
        }
    }

    #[test]
    fn every_claim_is_read_by_the_name_by_which_it_is_shown() {
        for (name, claim) in HeaderClaim::NAMES {
            assert_eq!(HeaderClaim::try_from(name.to_owned()), Ok(claim));
            assert_eq!(serde_json::to_value(claim).unwrap(), name);
        }
    }
}
