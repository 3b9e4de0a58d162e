//! The types into which the vendor's .NET SDK parses responses (2014, 2021.0.1 and 2023.0.2, as run).
//!
//! A text, an object or a nullable value may be `null` or absent. A plain GUID, number or Boolean may not
//! be `null`. Members that the SDK does not know are ignored.
#![expect(dead_code, reason = "what is read is the test")]

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A GUID of 32 digits, with dashes or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Guid(pub(crate) Uuid);

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let guid = Uuid::try_parse(&text).ok().filter(|guid| {
            let spellings = [guid.simple().to_string(), guid.hyphenated().to_string()];
            spellings.contains(&text.to_lowercase())
        });
        guid.map(Self)
            .ok_or_else(|| D::Error::custom("no GUID in a plain Guid"))
    }
}

type Text = Option<String>;

/// `POST authorize` and `POST cross-authorize`. The SDK makes a GUID of `access_token` as well.
#[derive(Debug, Deserialize)]
pub(crate) struct Login {
    pub(crate) access_token: Guid,
    expires_in: i64,
    pub(crate) client_id: Guid,
    pub(crate) token_type: String,
    remember_me: Option<bool>,
    pub(crate) remember_me_token: Text,
    remember_me_expires_in: Option<i64>,
}

/// `POST cross-token`.
#[derive(Debug, Deserialize)]
pub(crate) struct Cross {
    #[serde(rename = "cross_token")]
    pub(crate) token: String,
    expires_in: i64,
    token_type: Text,
}

/// `GET authorize`. The SDK makes a GUID of `user_id`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) struct Information {
    user_id: Guid,
    audience: Text,
    expires_in: i64,
    #[serde(rename = "applicationName")]
    application_name: Text,
}

/// `GET user`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    pub(crate) teams: Vec<Membership>,
    id: Guid,
    email: Text,
    status: Text,
    firstname: Text,
    lastname: Text,
    company: Text,
    fullname: Text,
    displayname: Text,
    shortdisplayname: Text,
    prefered_language: Text,
    info: Text,
    gender: Text,
    phone_work: Text,
    phone_home: Text,
    fax: Text,
    mobile: Text,
    birth_date: Text,
    salesforce_id: Text,
    telephone: Text,
    photo: Text,
    address: Option<Address>,
    wrong_logins: Option<i32>,
    #[serde(rename = "creator_user_id")]
    creator: Option<Guid>,
    #[serde(default)]
    has_accepted_terms: bool,
    #[serde(default)]
    white_list: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Membership {
    pub(crate) team: Team,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Address {
    street: Text,
    street_nr: Text,
    zip: Text,
    city: Text,
    country: Text,
}

/// An item of `GET teams`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Team {
    pub(crate) id: Guid,
    pub(crate) slug: String,
    name: Text,
    displayname: Text,
    status: Text,
    data_storage_status: Text,
    account_type: Text,
    owner: Guid,
    #[serde(default)]
    ismyteam: bool,
    #[serde(default)]
    white_list: bool,
    storage_stats: Option<Doubles>,
    rights: Option<Booleans>,
    public: Option<serde_json::Map<String, serde_json::Value>>,
}

type Doubles = std::collections::HashMap<String, f64>;
type Booleans = std::collections::HashMap<String, bool>;

/// `GET configurations`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Configurations {
    pub(crate) environment: Environment,
}

/// On any other name the SDK sends no login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Environment {
    Prod,
    Stage,
    Dev,
    LocalHost,
}
