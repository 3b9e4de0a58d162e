//! Usage at the console: charts of days, users of a dialect by name, and the use by a person.

use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Gateway, Request};
use serde_json::json;

use super::{Tab, id_of, key_with, start};

fn log_in(gateway: &Gateway, password: &str) {
    let body = json!({"user_id": "linguist", "password": password});
    let request = Request::post("/v2/authorize").header("User-Agent", "DrawingBoard/3.1");
    request.json(&body).send(gateway.public()).unwrap();
}

#[test]
fn the_use_of_a_dialect_is_shown_by_day_and_by_name() {
    let gateway = start(|builder| builder.config_text("[usage]\nflush_interval = \"100ms\"\n"));
    log_in(&gateway, "linguist-demo");
    log_in(&gateway, "linguist-demo");
    log_in(&gateway, "wrong");
    let tab = Tab::open(&gateway, "demo-admin-key");
    let mut page = String::new();
    let counted = wait_until("the calls are counted", || {
        page = tab.page("/console/dialects/bimplus");
        page.contains("3 calls, 2 logins, 1 refused calls; at most 3 calls a day\"")
    });
    counted.unwrap_or_else(|_| panic!("{page}"));
    assert!(
        page.contains("<svg role=\"img\" aria-label=\"bimplus, "),
        "{page}"
    );
    assert_eq!(page.matches("<rect class=\"calls\"").count(), 1, "{page}");
    let bar = "<rect class=\"calls\" x=\"891\" y=\"0\" width=\"8\" height=\"100\">";
    assert!(page.contains(bar), "today is the last of 90 days: {page}");
    let (_, users) = page.split_once("<h2>Users</h2>").unwrap();
    assert!(
        users.contains(">linguist<") && users.contains("DrawingBoard/3"),
        "{users}"
    );

    let overview = tab.page("/console/overview");
    assert_eq!(
        overview.matches("<svg role=\"img\"").count(),
        4,
        "{overview}"
    );
    assert!(
        overview.contains("3 calls, 2 logins, 1 refused calls"),
        "{overview}"
    );

    let linguist = format!("/console/people/{}", id_of(&gateway, "linguist"));
    let person = tab.page(&linguist);
    let (_, of_person) = person.split_once("<h2>Use of dialects</h2>").unwrap();
    assert!(
        of_person.contains(">bimplus<") && of_person.contains("127.0.0.1"),
        "{of_person}"
    );

    // Who may not see users sees none here, and who may not see usage sees none of a user.
    let usage = Tab::open(&gateway, &key_with(&gateway, &["usage:read"]));
    let page = usage.page("/console/dialects/bimplus");
    assert!(
        page.contains("3 calls") && !page.contains(">linguist<"),
        "{page}"
    );
    let users = Tab::open(&gateway, &key_with(&gateway, &["users:read"]));
    let page = users.page(&linguist);
    assert!(!page.contains("Use of dialects"), "{page}");
    assert_eq!(tab.get("/console/dialects/bimplus?after=x").status, 400);
}
