//! A user who logs in through every dialect.

use super::request_template::RequestTemplate;
use super::{Dialect, dialects};
use crate::Request;

/// A user at a device, with a developer's key.
#[derive(Debug, Clone)]
pub struct TestUser {
    /// The user name.
    pub name: String,
    /// The password.
    pub password: String,
    /// The organisation that the user logs in to.
    pub organisation: String,
    /// The developer's key.
    pub api_key: String,
    /// A GUID. A later login from an equal one ends the tokens that this one remembers.
    pub client: String,
}

impl TestUser {
    /// Returns the demo's administrator, at a device of its own.
    pub fn admin() -> Self {
        Self {
            name: "admin".to_owned(),
            password: "admin-demo".to_owned(),
            organisation: "CRMDEMO".to_owned(),
            api_key: "demo-api-key".to_owned(),
            client: uuid::Uuid::new_v4().to_string(),
        }
    }

    /// Returns the login from the device in each dialect, by the dialect's name.
    pub fn logins(&self) -> Vec<(&'static str, Request)> {
        let logins = dialects().iter();
        logins
            .map(|dialect| (dialect.name, self.device_login(dialect)))
            .collect()
    }

    /// Returns the login of this user from the user's device, or the usual login if the description of the dialect has no
    /// login from a device.
    pub fn device_login(&self, dialect: &Dialect) -> Request {
        let description = dialect.description;
        let login = description.device_login.as_ref();
        self.fill(dialect, login.unwrap_or(&description.login))
    }

    pub(super) fn fill(&self, dialect: &Dialect, template: &RequestTemplate) -> Request {
        template.fill(dialect.mount, &|name| self.value(name))
    }

    /// Returns the value of the placeholder `name` for this user. `None` if that is not a placeholder of a user.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let value = match name {
            "user" => &self.name,
            "password" => &self.password,
            "organisation" => &self.organisation,
            "api_key" => &self.api_key,
            "device" => &self.client,
            _ => return None,
        };
        Some(value.clone())
    }
}
