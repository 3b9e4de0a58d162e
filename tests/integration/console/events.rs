//! Events at the console: filters, pages, and the file.

use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};

use super::{Tab, admin, start};

fn next(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<nav class=\"pages\"")?;
    let (_, rest) = rest.split_once("href=\"")?;
    Some(rest.split('"').next()?.replace("&amp;", "&"))
}

fn log_in(gateway: &Gateway, password: &str) {
    let body = json!({"user_id": "linguist", "password": password});
    let request = Request::post("/v2/authorize").json(&body);
    request.send(gateway.public()).unwrap();
}

#[test]
fn events_have_filters_pages_and_a_file() {
    let gateway = start(|builder| builder);
    for number in 0..120 {
        let user = json!({"user_name": format!("page{number:03}"), "organisation": "CRMDEMO", "password": null});
        admin(&gateway, "POST", "/admin/users", Some(&user));
    }
    log_in(&gateway, "linguist-demo");
    log_in(&gateway, "wrong");
    let tab = Tab::open(&gateway, "demo-admin-key");
    wait_until("the events are in the table", || {
        let file = tab.page("/console/audit/events.jsonl?event=add_user");
        let logins = tab.page("/console/audit/events.jsonl?event=login");
        file.lines().count() == 120 && logins.lines().count() == 2
    })
    .unwrap();

    let mut path = Some("/console/audit?event=add_user&limit=50".to_owned());
    let mut shown = Vec::new();
    while let Some(address) = path {
        let page = tab.page(&address);
        shown.push(page.matches(">add_user</bdi>").count());
        path = next(&page);
    }
    assert_eq!(shown, [50, 50, 20]);

    let file = |query: &str| -> Vec<Value> {
        let text = tab.page(&format!("/console/audit/events.jsonl?{query}"));
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap()
    };
    let refused = file("event=login&outcome=refused");
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["cause"], "wrong_password");
    assert_eq!(file("event=login&dialect=bimplus").len(), 2);
    assert!(file("dialect=crmcom").is_empty());
    assert_eq!(file("event=login&source=127.0.0.1").len(), 2);
    assert!(file("source=192.0.2.9").is_empty());
    assert!(file("until=1h").is_empty());
    assert_eq!(file("event=login&since=1h").len(), 2);
    for query in [
        "outcome=none",
        "event=none",
        "since=x",
        "until=x",
        "after=x",
    ] {
        let page = tab.page(&format!("/console/audit?{query}"));
        assert!(page.contains("<p role=\"alert\">"), "{query}: {page}");
    }
}

#[test]
fn sessions_have_pages() {
    let gateway = start(|builder| builder);
    for _ in 0..60 {
        log_in(&gateway, "linguist-demo");
    }
    let tab = Tab::open(&gateway, "demo-admin-key");
    let first = tab.page("/console/sessions?user=linguist&dialect=bimplus");
    assert_eq!(first.matches("<tr><td><a").count(), 50, "{first}");
    let next = next(&first).unwrap();
    let second = tab.page(&next);
    assert_eq!(second.matches("<tr><td><a").count(), 10, "{second}");
    assert!(!second.contains("class=\"pages\""), "{second}");
    assert!(
        tab.page("/console/sessions?user=linguist&after=x")
            .contains("<p role=\"alert\">")
    );
}
