//! "Try a login" and "What is this token?" at the console.

use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};

use super::{Tab, id_of, key_with, start};
use crate::audit::events::of_file;

fn log_in(gateway: &Gateway, user: &str) -> Value {
    let body = json!({"user_id": user, "password": format!("{user}-demo")});
    let request = Request::post("/v2/authorize").json(&body);
    request.send(gateway.public()).unwrap().json().unwrap()
}

#[test]
fn a_login_is_tried_step_by_step_and_recorded() {
    let gateway = start(|builder| builder);
    let tab = Tab::open(&gateway, "demo-admin-key");
    let of_user = |user: &str| format!("/console/people/{}/try-login", id_of(&gateway, user));
    let try_login = |user: &str, fields: &[(&str, &str)]| {
        let response = tab.post(&of_user(user), fields);
        assert_eq!(response.status, 200, "{}", response.text());
        response.text()
    };
    let right = [("dialect", "bimplus"), ("password", "linguist-demo")];
    let page = try_login("linguist", &right);
    assert!(
        page.contains("in the dialect bimplus: <span class=\"badge good\">passes</span>"),
        "{page}"
    );
    let wrong = [("dialect", "bimplus"), ("password", "wrong-secret")];
    let page = try_login("linguist", &wrong);
    assert!(
        page.contains("<span class=\"badge bad\">fails</span>"),
        "{page}"
    );
    assert!(!page.contains("wrong-secret"), "{page}");
    // A password with white space around it is another password.
    let padded = [("dialect", "bimplus"), ("password", " linguist-demo ")];
    assert!(try_login("linguist", &padded).contains("badge bad"));
    let unit = "11111111222222223333333344444444";
    let elsewhere = [
        ("dialect", "crmcom"),
        ("password", "1234"),
        ("organisation", "CRMDEMO"),
        ("unit", unit),
    ];
    assert!(try_login("mpadministrator", &elsewhere).contains("badge bad"));

    let path = gateway.folder().join("data/audit.jsonl");
    wait_until("the trials are recorded", || {
        let events = of_file(&path).into_iter();
        let tried = events.filter(|event| event["event"] == "try_login");
        tried.filter(|event| event["actor"] == "key demo").count() == 4
    })
    .unwrap();
    let other = tab.post(
        &of_user("linguist"),
        &[("dialect", "none"), ("password", "x")],
    );
    assert_eq!(other.status, 400);
    let reader = Tab::open(&gateway, &key_with(&gateway, &["users:read"]));
    assert_eq!(reader.post(&of_user("linguist"), &right).status, 403);
    let person = reader.page(&format!("/console/people/{}", id_of(&gateway, "linguist")));
    assert!(!person.contains("Try a login"), "{person}");
}

#[test]
fn a_token_is_examined_and_never_shown() {
    let gateway = start(|builder| builder);
    let issued = log_in(&gateway, "linguist");
    let token = issued["access_token"].as_str().unwrap();
    let tab = Tab::open(
        &gateway,
        &key_with(&gateway, &["sessions:read", "sessions:write"]),
    );
    let examine = |text: &str| tab.post("/console/sessions/token", &[("token", text)]);
    let page = examine(token);
    assert_eq!(page.status, 200, "{}", page.text());
    let page = page.text();
    assert!(
        page.contains("<span class=\"badge good\">valid</span>"),
        "{page}"
    );
    assert!(
        page.contains(">linguist<") && !page.contains(token),
        "{page}"
    );
    let (_, handle) = page.split_once("<code>").unwrap();
    let (handle, _) = handle.split_once('<').unwrap();
    tab.act("/console/sessions/end", &[("handle", handle)]);
    let page = examine(token).text();
    assert!(
        page.contains("not valid") && page.contains("unknown_token"),
        "{page}"
    );
    wait_until("the end of the token is in the table", || {
        examine(token).text().contains("Events of the token")
    })
    .unwrap();
    assert_eq!(examine("no token of any dialect").status, 404);
    let reader = Tab::open(&gateway, &key_with(&gateway, &["users:read"]));
    let refused = reader.post("/console/sessions/token", &[("token", token)]);
    assert_eq!(refused.status, 403);
}
