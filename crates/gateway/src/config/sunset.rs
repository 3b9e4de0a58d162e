//! `[sunset.<dialect>]`: how a dialect is retired.

mod brownout;

use std::collections::BTreeMap;

use ::config::Value;
use actix_web::http::header::HeaderValue;
use isogloss_core::Network;
use isogloss_dialect::is_web_address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use self::brownout::BrownoutWindow;
use super::error::{self, ConfigError};
use crate::dialects;

/// How a dialect is retired.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sunset {
    /// The time from which clients should no longer use the dialect, sent as `Deprecation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated_at: Option<Timestamp>,
    /// The time from which the dialect may no longer be available, sent as `Sunset`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sunset_at: Option<Timestamp>,
    /// A page with information for people; empty if there is none.
    pub link: String,
    /// What happens from `sunset_at` on.
    pub then: AfterSunset,
    /// Times before the sunset at which all calls are refused, so that users notice.
    pub brownouts: Vec<BrownoutWindow>,
    /// Clients that are already refused.
    pub cut_off: Vec<BlockedClient>,
}

/// What happens when the sunset has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum AfterSunset {
    /// Nothing: the dialect is still served.
    #[default]
    Serve,
    /// Every call is refused.
    Refuse,
}

impl TryFrom<String> for AfterSunset {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "serve" => Ok(Self::Serve),
            "refuse" => Ok(Self::Refuse),
            _ => Err("expected serve or refuse"),
        }
    }
}

/// A client that is refused. A request must match all fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BlockedClient {
    /// The application of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The label of the client's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The name that the device or program gives itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The `User-Agent` as in the report; without a version, it matches all versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The network of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

impl BlockedClient {
    /// Returns whether a field is a blank text.
    fn has_empty_text(&self) -> bool {
        let texts = [&self.application, &self.key, &self.client, &self.user_agent];
        texts
            .into_iter()
            .flatten()
            .any(|text| text.trim().is_empty())
    }
}

/// A time in the format of RFC 3339.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Timestamp(pub OffsetDateTime);

impl TryFrom<String> for Timestamp {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let moment = OffsetDateTime::parse(&text, &Rfc3339).map(Self);
        moment.map_err(|_| "expected a time such as 2027-01-01T00:00:00Z")
    }
}

impl From<Timestamp> for String {
    fn from(moment: Timestamp) -> Self {
        moment.0.format(&Rfc3339).unwrap_or_default()
    }
}

/// Converts the table `sunset`, which may be absent, to the retirement of each dialect. Fails if it names an
/// unknown dialect or has an invalid setting.
pub(super) fn read(table: Option<Value>) -> Result<BTreeMap<String, Sunset>, ConfigError> {
    let Some(table) = table else {
        return Ok(BTreeMap::new());
    };
    let table = table.into_table();
    let table = table.map_err(|error| ConfigError::from_library("sunset", error))?;
    let names = dialects::names();
    let mut all = BTreeMap::new();
    for (name, value) in table {
        let section = format!("sunset.{name}");
        if !names.contains(&name.as_str()) {
            let reason = format!("no such dialect, expected one of {}", names.join(", "));
            return Err(ConfigError::new(section, reason));
        }
        let sunset: Sunset = error::deserialize(&section, value)?;
        sunset.check(&section)?;
        all.insert(name, sunset);
    }
    Ok(all)
}

impl Sunset {
    /// Fails if the settings contradict each other, or the link is not a URL.
    fn check(&self, section: &str) -> Result<(), ConfigError> {
        let invalid =
            |key: &str, reason: &str| Err(ConfigError::new(format!("{section}.{key}"), reason));
        if let (Some(deprecated), Some(sunset)) = (self.deprecated_at, self.sunset_at)
            && sunset < deprecated
        {
            return invalid(
                "sunset_at",
                "expected a time that is not before deprecated_at",
            );
        }
        let fits =
            !self.link.contains(['<', '>', '"']) && HeaderValue::from_str(&self.link).is_ok();
        if !(self.link.is_empty() || is_web_address(&self.link) && fits) {
            return invalid(
                "link",
                "expected an address like https://example.com/retired",
            );
        }
        if self.then == AfterSunset::Refuse && self.sunset_at.is_none() {
            return invalid("then", "expected sunset_at to be set as well");
        }
        if self.cut_off.contains(&BlockedClient::default()) {
            return invalid(
                "cut_off",
                "expected application, key, client, user_agent or network",
            );
        }
        if self.cut_off.iter().any(BlockedClient::has_empty_text) {
            return invalid("cut_off", "expected texts that are not empty");
        }
        Ok(())
    }
}
