//! `GET configurations`: what the .NET SDK requests from a server before any login.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, Route};
use isogloss_dialect::is_web_address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Settings;
use crate::routes::ok;

/// Which of the vendor's environments the SDK takes this server for.
///
/// The SDK of 2023 sends no login before it has read one of these names.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema,
)]
#[serde(try_from = "String")]
pub enum Environment {
    /// Production.
    Prod,
    /// Staging.
    Stage,
    /// Development.
    Dev,
    /// A developer's own machine.
    LocalHost,
}

impl TryFrom<String> for Environment {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "Prod" => Ok(Self::Prod),
            "Stage" => Ok(Self::Stage),
            "Dev" => Ok(Self::Dev),
            "LocalHost" => Ok(Self::LocalHost),
            _ => Err("expected Prod, Stage, Dev or LocalHost"),
        }
    }
}

/// The address of a page that a program opens for its user, or nothing if there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Link(String);

impl TryFrom<String> for Link {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() || is_web_address(&text) {
            Ok(Self(text))
        } else {
            Err("expected an http:// or https:// address, or nothing")
        }
    }
}

impl From<Link> for String {
    fn from(Link(text): Link) -> Self {
        text
    }
}

/// The response to `GET configurations`. A page that is not set is an empty text: without the member the
/// SDK opens a page of the vendor.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Configurations {
    environment: Environment,
    forgot_password: String,
    not_registered: String,
    team_link: String,
    portal_url: String,
}

impl Configurations {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            environment: settings.environment,
            forgot_password: settings.forgot_password_link.clone().into(),
            not_registered: settings.not_registered_link.clone().into(),
            team_link: settings.team_link.clone().into(),
            portal_url: settings.portal_url.clone().into(),
        }
    }
}

/// A member of the response that has a route of its own: its name, and its value.
pub(crate) type Member = (&'static str, fn(Configurations) -> String);

/// The members with routes of their own.
pub(crate) const MEMBERS: [Member; 4] = [
    ("ForgotPassword", |all| all.forgot_password),
    ("NotRegistered", |all| all.not_registered),
    ("TeamLink", |all| all.team_link),
    ("PortalUrl", |all| all.portal_url),
];

/// Responds to `GET configurations` with all members.
pub(crate) async fn configurations(settings: Data<Settings>) -> HttpResponse {
    ok(&Configurations::new(&settings))
}

/// Returns the GET route that responds with an object of this one member.
pub(crate) fn configuration((name, member): Member) -> Route {
    web::get().to(move |settings: Data<Settings>| {
        let answer = ok(&json!({ name: member(Configurations::new(&settings)) }));
        async move { answer }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_four_names_that_the_sdk_knows_are_environments() {
        for name in ["Prod", "Stage", "Dev", "LocalHost"] {
            let read: Environment = serde_json::from_value(json!(name)).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), name);
        }
        for name in ["prod", "PROD", "Localhost", "Production", ""] {
            let read: Result<Environment, _> = serde_json::from_value(json!(name));
            let refusal = read.unwrap_err().to_string();
            assert_eq!(refusal, "expected Prod, Stage, Dev or LocalHost", "{name}");
        }
    }

    #[test]
    fn a_link_is_the_address_of_a_page_or_nothing() {
        for text in ["", "https://id.example/#/forgot", "http://localhost:3000"] {
            assert!(Link::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for text in [
            "id.example",
            "ftp://id.example",
            "javascript:alert(1)",
            "https://id.example/a b",
            "http:id.example",
        ] {
            assert!(Link::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
