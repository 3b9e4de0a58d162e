//! A successful request for each route, as its OpenAPI document describes it.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::dialects::{Documented as Parts, Route};
use isogloss_testkit::{Gateway, Request};
use serde_json::{Map, Value, json};

use crate::hostile::tokens::tokens;

const PATIENCE: Duration = Duration::from_secs(30);
const ACTIONS: &str = "/api/v1/Authentication";

/// The parts of a successful request.
pub(crate) struct Documented {
    pub(crate) route: Route,
    pub(crate) query: Map<String, Value>,
    pub(crate) authorization: Option<String>,
    /// Members of the body; none if the route reads no body.
    pub(crate) members: Map<String, Value>,
}

impl Documented {
    /// Creates the request of a route, with valid tokens of its own.
    pub(crate) fn of(route: Route, gateway: &Gateway) -> Self {
        let tokens = tokens(gateway.public());
        let reset_key = route.needs_reset_key().then(|| reset_key(gateway));
        let Parts {
            query,
            members,
            authorization,
        } = route.documented(&tokens, reset_key.as_deref());
        Self {
            route,
            query,
            authorization,
            members,
        }
    }

    /// Returns whether the body is a form, as in the old API of Memsource.
    pub(crate) fn has_form(&self) -> bool {
        self.route.has_form()
    }
}

/// Requests an e-mail, waits for it, and returns the key in it.
fn reset_key(gateway: &Gateway) -> String {
    let path = format!("{ACTIONS}/RequestPasswordReset?APIKey=demo-api-key");
    let ask = Request::post(path).json(&json!({"LoginName": "sample"}));
    assert_eq!(ask.send(gateway.public()).unwrap().status, 200);
    let folder = gateway.folder().join("data/mail");
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(key) = key_of("To: sample@example.com", &folder) {
            return key;
        }
        assert!(Instant::now() < deadline, "no e-mail arrived");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Returns the only 32 hexadecimal digits of an e-mail with the text `wanted`, and removes its file. `None` if
/// there is no such e-mail.
fn key_of(wanted: &str, folder: &Path) -> Option<String> {
    for file in fs::read_dir(folder).ok()?.map(|file| file.unwrap().path()) {
        let letter = fs::read_to_string(&file).unwrap();
        let mut words = letter.split(|c: char| !c.is_ascii_hexdigit());
        let key = words.find(|word| word.len() == 32);
        if let Some(key) = key.filter(|_| letter.contains(wanted)) {
            fs::remove_file(&file).unwrap();
            return Some(key.to_owned());
        }
    }
    None
}
