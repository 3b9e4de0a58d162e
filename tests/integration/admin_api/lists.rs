//! Lists of the admin API: filters and pages.

use isogloss_testkit::dialects::{TestUser, dialect};
use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};

use super::admin;

/// Returns the entries of all pages of a list, two at a time.
fn pages(gateway: &Gateway, path: &str, member: &str) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut after = String::new();
    loop {
        let separator = if path.contains('?') { '&' } else { '?' };
        let page = format!("{path}{separator}limit=2{after}");
        let (status, body) = admin(gateway, "GET", &page, None);
        assert_eq!(status, 200, "{page}: {body}");
        let found = body[member].as_array().unwrap();
        assert!(found.len() <= 2, "{page}: {body}");
        entries.extend(found.iter().cloned());
        let next = &body["next"];
        if next.is_null() {
            return entries;
        }
        let next = next
            .as_str()
            .map_or_else(|| next.to_string(), str::to_owned);
        let next = next.replace(' ', "%20").replace('@', "%40");
        after = format!("&after={next}");
    }
}

/// Returns one member of all entries.
fn texts<'a>(entries: &'a [Value], member: &str) -> Vec<&'a str> {
    entries
        .iter()
        .filter_map(|entry| entry[member].as_str())
        .collect()
}

fn gateway() -> Gateway {
    let gateway = Gateway::builder(crate::PROGRAM)
        .env("ISOGLOSS__AUDIT__DATABASE", "true")
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

/// Adds organisations, users and keys.
fn fill(gateway: &Gateway) {
    let post = |path: &str, body: Value| {
        let (status, body) = admin(gateway, "POST", path, Some(body));
        assert_eq!(status, 201, "{path}: {body}");
    };
    for name in ["Zebra Ltd", "zebra GmbH", "Zoo"] {
        post("/admin/organisations", json!({"name": name}));
    }
    for (name, first, last) in [
        ("zed", "Zora", "Neale"),
        ("zoe", "Zoë", "Hurston"),
        ("neal", "Tom", "Zorn"),
    ] {
        post(
            "/admin/users",
            json!({"user_name": name, "first_name": first, "last_name": last, "organisation": "Zoo",
                   "password": "a long enough password"}),
        );
    }
    for label in ["Zebra one", "zebra two", "zebra three"] {
        post(
            "/admin/keys",
            json!({"realm": "introspection", "label": label}),
        );
    }
}

#[test]
fn entries_of_the_directory_are_listed_by_filter_and_page() {
    let gateway = gateway();
    fill(&gateway);
    let organisations = pages(
        &gateway,
        "/admin/organisations?search=ZEBRA",
        "organisations",
    );
    assert_eq!(texts(&organisations, "name"), ["Zebra Ltd", "zebra GmbH"]);
    let users = pages(
        &gateway,
        "/admin/users/search?prefix=ZO&organisation=Zoo",
        "users",
    );
    assert_eq!(texts(&users, "user_name"), ["zoe", "zed", "neal"]);
    let users = pages(&gateway, "/admin/users/search?prefix=zo%C3%8B", "users");
    assert_eq!(texts(&users, "user_name"), ["zoe"]);
    let keys = pages(
        &gateway,
        "/admin/keys?realm=introspection&search=zebra",
        "keys",
    );
    assert_eq!(
        texts(&keys, "label"),
        ["Zebra one", "zebra three", "zebra two"]
    );
}

#[test]
fn sessions_counts_and_events_are_listed_by_filter_and_page() {
    let gateway = gateway();
    fill(&gateway);
    let dialect = dialect("memsource");
    for name in ["zed", "zoe", "neal"] {
        let user = TestUser {
            name: name.to_owned(),
            password: "a long enough password".to_owned(),
            ..TestUser::admin()
        };
        for (password, status) in [(user.password.as_str(), 200), ("wrong", 401)] {
            let tried = TestUser {
                password: password.to_owned(),
                ..user.clone()
            };
            let answer = tried.device_login(&dialect).send(gateway.public()).unwrap();
            assert_eq!(answer.status, status, "{name}");
        }
    }
    let sessions = pages(&gateway, "/admin/sessions?dialect=memsource", "sessions");
    assert_eq!(texts(&sessions, "user"), ["neal", "zoe", "zed"]);
    let throttle = pages(&gateway, "/admin/throttle?locked=false", "throttle");
    let (_, all) = admin(&gateway, "GET", "/admin/throttle", None);
    assert_eq!(Value::from(throttle), all["throttle"]);
    assert!(all["throttle"].as_array().unwrap().len() > 2, "{all}");
    let kinds = pages(&gateway, "/admin/throttle?kind=source", "throttle");
    assert_eq!(texts(&kinds, "kind"), ["source"]);
    let locked = pages(&gateway, "/admin/throttle?locked=true", "throttle");
    assert_eq!(locked, [] as [Value; 0]);

    let events = |query: &str| pages(&gateway, &format!("/admin/audit?{query}"), "events");
    let is_written = || events("event=login&outcome=refused&dialect=memsource").len() == 3;
    while !is_written() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(events("event=login&dialect=memsource").len(), 6);
    assert_eq!(
        events("event=login&dialect=memsource&user=zoe&source=127.0.0.1").len(),
        2
    );
    assert_eq!(events("event=login&source=192.0.2.7").len(), 0);
    assert_eq!(events("event=login&until=1h").len(), 0);
    let latest = events("event=login&dialect=memsource");
    let times = texts(&latest, "time");
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
}

#[test]
fn a_list_with_a_wrong_query_is_refused_and_a_removal_by_page_too() {
    let gateway = gateway();
    for path in [
        "/admin/audit?event=birthday",
        "/admin/audit?outcome=perhaps",
        "/admin/audit?since=yesterday",
        "/admin/audit?after=x",
        "/admin/users/search",
        "/admin/users/search?prefix=%20",
        "/admin/users/search?prefix=a&after=x",
        "/admin/sessions?after=x",
        "/admin/throttle?after=x",
        "/admin/throttle?after=locked,1,x",
        "/admin/throttle?kind=birthday",
        "/admin/usage?after=1",
        "/admin/keys?limit=0",
    ] {
        let (status, body) = admin(&gateway, "GET", path, None);
        assert_eq!(status, 400, "{path}: {body}");
    }
    let (status, _) = admin(
        &gateway,
        "DELETE",
        "/admin/sessions?all=true&after=1,x",
        None,
    );
    assert_eq!(
        status, 400,
        "a part of the sessions cannot be ended by page"
    );
    let (status, _) = admin(
        &gateway,
        "DELETE",
        "/admin/throttle?all=true&locked=true",
        None,
    );
    assert_eq!(status, 400, "a filter for lists is not ignored");
}

#[test]
fn events_that_are_not_in_the_database_are_not_listed_as_none() {
    let gateway = super::start();
    let (status, body) = admin(&gateway, "GET", "/admin/audit", None);
    assert_eq!(status, 404);
    assert_eq!(
        body["reason"],
        "audit.database is false: events are not kept in the database"
    );
    let answer = Request::get("/admin/audit")
        .header("Authorization", "Bearer demo-introspection-key")
        .send(gateway.management())
        .unwrap();
    assert_eq!(answer.status, 401);
}
