//! A web hook that knows one user, and the table of the configuration that names it.

mod documented;

use isogloss_testkit::{BackEndServer, Decider, Step};
use serde_json::{Value, json};

/// The secret of the hook.
pub(crate) const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// The password of its user `eve`.
pub(crate) const PASSWORD: &str = "right at the hook";

/// Starts a hook that knows the user `eve` with [`PASSWORD`], and nothing else.
pub(crate) fn start() -> BackEndServer {
    BackEndServer::start(|_| vec![Step::Decide(Decider::new(answer))]).unwrap()
}

fn answer(body: &[u8]) -> String {
    let asked: Value = serde_json::from_slice(body).unwrap();
    let answer = match (asked["login"].as_str(), asked["password"].as_str()) {
        (Some("eve"), Some(PASSWORD)) => json!({
            "decision": "accepted",
            "user": {"external_id": "7", "user_name": "eve", "first_name": "Eve"},
        }),
        (Some("eve"), _) => json!({"decision": "rejected"}),
        _ => json!({"decision": "unknown"}),
    };
    answer.to_string()
}

/// Returns the table of an authority of that name, whose hook is at the address `at`.
pub(crate) fn table(name: &str, at: impl std::fmt::Display) -> String {
    format!(
        "[[authorities]]\nname = '{name}'\nkind = 'http'\norganisation = 'CRMDEMO'\n\
         [authorities.http]\nurl = 'http://{at}/isogloss'\nsecret = '{SECRET}'\n"
    )
}
