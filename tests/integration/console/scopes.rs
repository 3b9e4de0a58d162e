//! A key sees and does what its scopes allow.

use super::{Tab, id_of, key_with, start};

/// Each page, its name in the navigation, and the scope that it needs.
const PAGES: [(&str, &str, &str); 9] = [
    ("/console/overview", "Overview", "usage:read"),
    ("/console/dialects", "Dialects", "usage:read"),
    ("/console/people", "People", "users:read"),
    ("/console/way-over", "Users' way over", "users:read"),
    ("/console/keys", "Clients and keys", "keys:read"),
    ("/console/throttle", "Throttle", "throttle:read"),
    ("/console/refusals", "Refusals", "audit:read"),
    ("/console/audit", "Audit", "audit:read"),
    ("/console/sessions", "Sessions", "sessions:read"),
];

/// Returns the names in the navigation of a page.
fn navigation(page: &str) -> Vec<String> {
    let (_, rest) = page.split_once("<nav aria-label=\"Console\">").unwrap();
    let (bar, _) = rest.split_once("</nav>").unwrap();
    let links = bar.split("</a>").filter_map(|part| part.rsplit_once('>'));
    let names = links.map(|(_, name)| name.trim().to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn each_page_is_listed_and_shown_with_its_scope_alone() {
    let gateway = start(|builder| builder);
    let scopes = [
        "usage:read",
        "users:read",
        "keys:read",
        "throttle:read",
        "audit:read",
    ];
    for scope in scopes.into_iter().chain(["sessions:read"]) {
        let key = key_with(&gateway, &[scope]);
        let tab = Tab::open(&gateway, &key);
        let allowed = PAGES.iter().filter(|(_, _, needed)| *needed == scope);
        let names: Vec<_> = allowed.clone().map(|(_, name, _)| *name).collect();
        for (path, _, needed) in PAGES {
            let response = tab.get(path);
            if needed == scope {
                assert_eq!(response.status, 200, "{scope} {path}");
                assert_eq!(navigation(&response.text()), names, "{scope} {path}");
            } else {
                assert_eq!(response.status, 403, "{scope} {path}");
                let text = response.text();
                assert!(text.contains(needed), "{scope} {path}: {text}");
                assert_eq!(navigation(&text), names, "the others stay: {path}");
            }
        }
    }
    let all = Tab::open(&gateway, "demo-admin-key");
    let names = PAGES.map(|(_, name, _)| name);
    assert_eq!(navigation(&all.page("/console/overview")), names);
    let none = Tab::open(&gateway, &key_with(&gateway, &["backup:read"]));
    let refused = none.get("/console");
    assert_eq!(refused.status, 403);
    assert!(
        refused
            .text()
            .contains("does not have a scope for any page")
    );
}

#[test]
fn a_key_with_sessions_read_alone_sees_sessions_and_does_nothing() {
    let gateway = start(|builder| builder);
    let body = serde_json::json!({"user_id": "linguist", "password": "linguist-demo"});
    let login = isogloss_testkit::Request::post("/v2/authorize").json(&body);
    assert_eq!(login.send(gateway.public()).unwrap().status, 200);
    let tab = Tab::open(&gateway, &key_with(&gateway, &["sessions:read"]));
    let page = tab.page("/console/sessions?user=linguist");
    assert!(
        page.contains("linguist") && page.contains("bimplus"),
        "{page}"
    );
    // The forms that sign out and examine a token are the only ones.
    assert_eq!(page.matches("method=\"post\"").count(), 2, "{page}");
    assert!(
        page.contains("action=\"/console/sessions/token\""),
        "{page}"
    );
    assert!(!page.contains("/console/people"), "{page}");

    let id = id_of(&gateway, "linguist");
    let of_user = |act: &str| format!("/console/people/{id}/{act}");
    for (path, fields) in [
        (of_user("state"), &[("state", "disabled")][..]),
        (of_user("sessions"), &[]),
        (of_user("forgive"), &[]),
        (of_user("invite"), &[]),
        (of_user("try-login"), &[("dialect", "bimplus")]),
        (of_user("second-factor"), &[]),
        (of_user("app-passwords"), &[("dialect", "bimplus")]),
        (of_user("app-passwords/revoke"), &[("id", "abcdefgh")]),
        (
            "/console/keys".to_owned(),
            &[("realm", "admin"), ("label", "x")],
        ),
        (
            "/console/keys/revoke".to_owned(),
            &[("id", "demo"), ("realm", "admin")],
        ),
        (
            "/console/throttle/clear".to_owned(),
            &[("user", "linguist")],
        ),
        (
            "/console/sessions/end".to_owned(),
            &[("handle", "bg7urszw6hqgofsy2ggcmsls54")],
        ),
    ] {
        assert_eq!(tab.post(&path, fields).status, 403, "{path}");
    }
    for path in [of_user(""), "/console/way-over/users.csv".to_owned()] {
        let response = tab.get(path.trim_end_matches('/'));
        assert_eq!(response.status, 403, "{path}");
    }
    assert_eq!(tab.get("/console/audit/events.jsonl").status, 403);
    assert!(
        tab.page("/console/sessions?user=linguist")
            .contains("bimplus")
    );
}

#[test]
fn a_key_creates_none_with_more_rights_than_its_own() {
    let gateway = start(|builder| builder);
    let tab = Tab::open(&gateway, &key_with(&gateway, &["keys:read", "keys:write"]));
    let more = [
        ("realm", "admin"),
        ("label", "more"),
        ("scope", "users:write"),
    ];
    assert_eq!(tab.post("/console/keys", &more).status, 403);
    let as_much = [
        ("realm", "admin"),
        ("label", "as much"),
        ("scope", "keys:read"),
    ];
    assert_eq!(tab.post("/console/keys", &as_much).status, 200);
}
