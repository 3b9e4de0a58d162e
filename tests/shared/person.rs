//! One login in each dialect.

use isogloss_testkit::Request;
use serde_json::json;

/// Who logs in, from which device, with which developer's key.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) organisation: String,
    pub(crate) api_key: String,
    /// A GUID. A later login from an equal one ends the tokens that this one remembers.
    pub(crate) client: String,
}

impl Person {
    /// The demo's administrator, at a device of its own.
    pub(crate) fn admin() -> Self {
        Self {
            name: "admin".to_owned(),
            password: "admin-demo".to_owned(),
            organisation: "CRMDEMO".to_owned(),
            api_key: "demo-api-key".to_owned(),
            client: uuid::Uuid::new_v4().to_string(),
        }
    }

    /// The login in each dialect, by the dialect's name.
    pub(crate) fn logins(&self) -> [(&'static str, Request); 4] {
        let Self {
            name,
            password,
            organisation,
            api_key,
            client,
        } = self;
        let bimplus = json!({
            "user_id": name, "password": password, "remember_me": true, "client_id": client,
        });
        let crmcom = json!({"username": name, "password": password, "organisation": organisation});
        let tokenlogin = json!({
            "userName": name, "password": password,
            "deviceName": client, "generateReAuthenticationToken": true,
        });
        let memsource = format!("userName={name}&password={password}");
        [
            ("bimplus", Request::post("/v2/authorize").json(&bimplus)),
            (
                "crmcom",
                Request::post("/crmapi/rest/v2/authentication/token").json(&crmcom),
            ),
            (
                "tokenlogin",
                Request::post(format!("/api/v1/Authentication/Login?APIKey={api_key}"))
                    .json(&tokenlogin),
            ),
            (
                "memsource",
                Request::post("/web/api/v3/auth/login").form(memsource),
            ),
        ]
    }
}

#[test]
fn every_dialect_is_logged_in_through() {
    // A test of the gateway holds this file to what it knows.
    let reference: toml::Table = include_str!("../../config/isogloss.toml").parse().unwrap();
    let logins = Person::admin().logins();
    for name in reference["dialects"].as_table().unwrap().keys() {
        assert!(
            logins.iter().any(|(dialect, _)| dialect == name),
            "{name} is missing in tests/shared/person.rs: see docs/adding-a-dialect.md"
        );
    }
}
