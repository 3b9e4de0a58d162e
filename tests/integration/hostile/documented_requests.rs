//! For each route a request as its document has it, which is granted.

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

/// A request that is granted, in its parts.
pub(crate) struct Documented {
    pub(crate) route: Route,
    pub(crate) query: Map<String, Value>,
    pub(crate) authorization: Option<String>,
    /// The members of the body; none where none is read.
    pub(crate) members: Map<String, Value>,
}

impl Documented {
    /// The request of a route, with live tokens of its own.
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

    /// Whether the body is a form, as in the old API of Memsource.
    pub(crate) fn has_form(&self) -> bool {
        self.route.has_form()
    }
}

/// The key in a letter that was asked for and has come.
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
        assert!(Instant::now() < deadline, "no letter came");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The only 32 hexadecimal digits in a letter that says so, which is taken out of the folder.
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
