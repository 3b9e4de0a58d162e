//! Log lines for the operator.

use std::fs::read_to_string;

use isogloss_memsource::Settings;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use time::macros::datetime;
use tracing::Dispatch;
use tracing::subscriber::{NoSubscriber, set_default};

use crate::fixture::{Host, token};

#[actix_web::test]
async fn an_administrator_who_logs_in_as_another_is_told_of() {
    let host = Host::at(datetime!(2020-01-01 12:00 UTC), Settings::default()).await;
    let log = NamedTempFile::new().unwrap();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(log.reopen().unwrap());
    // With only one dispatcher, tracing would consult that of the first thread that reaches the log call, and
    // cache the result. That may be a thread of another test, which has none. With two dispatchers it consults
    // both.
    let _second = Dispatch::new(NoSubscriber::default());
    let _guard = set_default(subscriber.finish());
    let admin = host.login2("ada").await;
    let body = json!({"userName": "lin"});
    let (_, other) = host
        .post("api2/v1/auth/loginOther", Some(token(&admin)), body)
        .await;

    let log = read_to_string(log.path()).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| {
            line["fields"]["message"] == "an administrator logged in as another user"
        })
        .collect();
    let [line] = lines.as_slice() else {
        panic!("{log}");
    };
    assert_eq!(line["fields"]["actor.id"], admin["user"]["uid"]);
    assert_eq!(line["fields"]["user.id"], other["user"]["uid"]);
}
