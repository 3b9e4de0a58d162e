//! One way to log in through each dialect, for suites that are about all of them.

use std::fmt::Display;

use isogloss_testkit::{Request, Response, Result};
use serde_json::{Value, json};

/// Every dialect, mounted where the demo has it.
pub(crate) const DIALECTS: [Dialect; 4] = [
    Dialect {
        name: "bimplus",
        mount: "/v2",
        request: bimplus,
        token: "/access_token",
    },
    Dialect {
        name: "crmcom",
        mount: "/crmapi/rest/v2",
        request: crmcom,
        token: "/data/token",
    },
    Dialect {
        name: "tokenlogin",
        mount: "/api/v1",
        request: tokenlogin,
        token: "/SessionToken",
    },
    Dialect {
        name: "memsource",
        mount: "/web",
        request: memsource,
        token: "/token",
    },
];

/// A dialect as a client knows it.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    /// As in the configuration.
    pub(crate) name: &'static str,
    /// The path below which its routes are.
    pub(crate) mount: &'static str,
    /// A login below that mount.
    pub(crate) request: fn(mount: &str, user: &str, password: &str) -> Request,
    /// Where a login's answer has the token.
    pub(crate) token: &'static str,
}

impl Dialect {
    /// Logs in; the answer, and the token if it holds one.
    pub(crate) fn login(
        &self,
        authority: impl Display,
        user: &str,
        password: &str,
    ) -> Result<(Response, Option<String>)> {
        let response = (self.request)(self.mount, user, password).send(authority)?;
        let answer = response.json().unwrap_or_default();
        let token = answer.pointer(self.token).and_then(Value::as_str);
        let token = token.filter(|token| !token.is_empty()).map(str::to_owned);
        Ok((response, token))
    }
}

fn bimplus(mount: &str, user: &str, password: &str) -> Request {
    let body = json!({"user_id": user, "password": password});
    Request::post(format!("{mount}/authorize")).json(&body)
}

fn crmcom(mount: &str, user: &str, password: &str) -> Request {
    let body = json!({"username": user, "password": password, "organisation": "CRMDEMO"});
    Request::post(format!("{mount}/authentication/token")).json(&body)
}

fn tokenlogin(mount: &str, user: &str, password: &str) -> Request {
    let path = format!("{mount}/Authentication/Login?APIKey=demo-api-key");
    Request::post(path).json(&json!({"userName": user, "password": password}))
}

fn memsource(mount: &str, user: &str, password: &str) -> Request {
    let (user, password) = (escaped(user), escaped(password));
    let form = format!("userName={user}&password={password}");
    Request::post(format!("{mount}/api/v3/auth/login")).form(form)
}

fn escaped(text: &str) -> String {
    let digits = text
        .bytes()
        .flat_map(|byte| ['%', digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

fn digit(nibble: u8) -> char {
    char::from_digit(nibble.into(), 16).unwrap_or_default()
}

#[test]
fn every_dialect_is_here() {
    // A test of the gateway holds this file to what it knows.
    let reference: toml::Table = include_str!("../../config/isogloss.toml").parse().unwrap();
    for name in reference["dialects"].as_table().unwrap().keys() {
        assert!(
            DIALECTS.iter().any(|dialect| dialect.name == name),
            "{name} is missing in tests/shared/dialects.rs: see docs/adding-a-dialect.md"
        );
    }
}
