//! Refused requests at the console: the causes of a person's, the list with its filters and pages, and the last hour.

use isogloss_testkit::{Gateway, Request};
use serde_json::json;

use super::{Tab, admin, id_of, key_with};

/// Starts a gateway whose events are not in the database.
fn start() -> Gateway {
    let console = "[management]\nconsole = true\n[refusals]\nper_source = 1000\n";
    let gateway = Gateway::builder(crate::PROGRAM).config_text(console);
    let gateway = gateway.start().unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

fn refused_login(gateway: &Gateway, user: &str, password: &str) {
    let body = json!({"user_id": user, "password": password});
    let request = Request::post("/v2/authorize").json(&body);
    assert_ne!(request.send(gateway.public()).unwrap().status, 200);
}

/// Returns the page once it contains the text.
fn page_with(tab: &Tab<'_>, path: &str, text: &str) -> String {
    let mut page = String::new();
    let shown = isogloss_testkit::servers::wait_until("the request is in the table", || {
        page = tab.page(path);
        page.contains(text)
    });
    shown.unwrap_or_else(|_| panic!("{path}: {text}: {page}"));
    page
}

#[test]
fn causes_are_explained_without_events_in_the_database() {
    let gateway = start();
    let tab = Tab::open(&gateway, "demo-admin-key");
    refused_login(&gateway, "retired", "retired-demo");
    refused_login(&gateway, "guarded", "guarded-demo");
    refused_login(&gateway, "no-such-person", "x");
    let elsewhere = json!({"username": "mpadministrator", "password": "1234",
        "organisation": "CRMDEMO", "unit": "11111111222222223333333344444444"});
    let request = Request::post("/crmapi/rest/v2/authentication/token").json(&elsewhere);
    request.send(gateway.public()).unwrap();
    for (user, cause, advice) in [
        ("retired", "disabled", "nable"),
        ("guarded", "code_missing", "code"),
        ("mpadministrator", "other_unit", "unit"),
    ] {
        let path = format!("/console/people/{}", id_of(&gateway, user));
        let page = page_with(&tab, &path, &format!(">{cause}<"));
        let (_, attempts) = page.split_once("<h2>Last attempts</h2>").unwrap();
        assert!(attempts.contains("127.0.0.1"), "{user}: {attempts}");
        assert!(attempts.contains(advice), "{user}: {attempts}");
    }

    let all = page_with(&tab, "/console/refusals", ">unknown_name<");
    for cause in ["disabled", "code_missing", "other_unit"] {
        assert!(all.contains(&format!(">{cause}<")), "{cause}: {all}");
    }
    let of_crm = tab.page("/console/refusals?dialect=crmcom");
    assert!(of_crm.contains(">other_unit<") && !of_crm.contains(">disabled<"));
    let of_user = tab.page("/console/refusals?user=retired");
    assert!(of_user.contains(">disabled<") && !of_user.contains(">other_unit<"));
    let tried = tab.page("/console/refusals?user=no-such-person");
    assert!(tried.contains(">unknown_name<") && !tried.contains(">other_unit<"));
    let elsewhere = tab.page("/console/refusals?source=192.0.2.9");
    assert!(elsewhere.contains("There are none."), "{elsewhere}");
    for query in ["since=x", "until=x", "source=x", "request_id=x"] {
        let page = tab.page(&format!("/console/refusals?{query}"));
        assert!(page.contains("<p role=\"alert\">"), "{query}: {page}");
    }

    let overview = tab.page("/console/overview");
    let (_, hour) = overview
        .split_once("Refused requests of the last hour")
        .unwrap();
    assert!(
        hour.contains(">other_unit<") && hour.contains("href=\"/console/refusals\""),
        "{hour}"
    );
    let usage = Tab::open(&gateway, &key_with(&gateway, &["usage:read"]));
    let overview = usage.page("/console/overview");
    assert!(!overview.contains("other_unit"), "{overview}");
    let users = Tab::open(&gateway, &key_with(&gateway, &["users:read"]));
    let person = users.page(&format!("/console/people/{}", id_of(&gateway, "retired")));
    assert!(!person.contains("Last attempts"), "{person}");
}

#[test]
fn pages_of_refused_requests_have_each_of_them_once() {
    let gateway = start();
    for number in 0..120 {
        refused_login(&gateway, &format!("nameless{number}"), "x");
    }
    let recorded = isogloss_testkit::servers::wait_until("all are in the table", || {
        let all = admin(&gateway, "GET", "/admin/refusals?limit=1000", None);
        all["refusals"].as_array().unwrap().len() == 120
    });
    recorded.unwrap();
    let tab = Tab::open(&gateway, "demo-admin-key");
    let mut path = "/console/refusals?dialect=bimplus".to_owned();
    let mut shown = 0;
    for _ in 0..4 {
        let page = tab.page(&path);
        shown += page.matches("<tr><td><time").count();
        let Some((_, rest)) = page.split_once("<nav class=\"pages\"") else {
            break;
        };
        let (_, rest) = rest.split_once("href=\"").unwrap();
        path = rest.split('"').next().unwrap().replace("&amp;", "&");
        assert!(path.contains("dialect=bimplus"), "{path}");
    }
    assert_eq!(shown, 120);
}
