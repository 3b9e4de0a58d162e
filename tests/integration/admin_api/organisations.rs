//! `/admin/organisations`, and the units in them.

use isogloss_testkit::Request;
use serde_json::{Value, json};

use crate::admin_api::{admin, recorded, start};

const LIMIT: &str = "limit is not a number from 1 to 4294967295";

#[test]
fn an_organisation_comes_is_changed_and_goes() {
    let gateway = start();
    let ask = |method: &str, path: &str, body: Option<Value>| {
        admin(
            &gateway,
            method,
            &format!("/admin/organisations{path}"),
            body,
        )
    };
    let units = json!([{"id": "n1", "name": "North"}, {"id": "n2", "name": ""}]);
    let new = json!({"name": "New & Co", "default_unit": "n1", "units": units});
    let (status, added) = ask("POST", "", Some(new.clone()));
    assert_eq!((status, &added["units"]), (201, &units), "{added}");
    assert_eq!(ask("POST", "", Some(new)).0, 409);
    let id = added["id"].as_str().unwrap();
    for name in ["New%20&%20Co", id] {
        assert_eq!(ask("GET", &format!("/{name}"), None), (200, added.clone()));
    }
    let (status, edited) = ask(
        "PATCH",
        &format!("/{id}"),
        Some(json!({"name": "New", "default_unit": null})),
    );
    let expected = json!({"id": id, "name": "New", "units": units});
    assert_eq!((status, edited), (200, expected));

    let (status, put) = ask("PUT", "/New/units/n%203", Some(json!({"name": "Third"})));
    assert_eq!(
        (status, &put["units"][0]),
        (200, &json!({"id": "n 3", "name": "Third"}))
    );
    assert_eq!(ask("DELETE", "/New/units/n%203", None).0, 204);
    assert_eq!(ask("DELETE", "/New/units/n%203", None).0, 404);
    assert_eq!(ask("DELETE", "/New", None).0, 204);
    assert_eq!(ask("GET", "/New", None).0, 404);
    for kind in [
        "add_organisation",
        "edit_organisation",
        "put_unit",
        "remove_unit",
        "remove_organisation",
    ] {
        let event = recorded(&gateway, kind);
        assert_eq!(event["actor"], "key demo", "{event}");
        assert!(
            event["organisation"].as_str().unwrap().starts_with("New"),
            "{event}"
        );
        assert_eq!(event["unit"].is_string(), kind.ends_with("unit"), "{event}");
    }
}

#[test]
fn organisations_are_listed_page_by_page() {
    let gateway = start();
    let list = |query: &str| {
        let path = format!("/admin/organisations{query}");
        let (status, page) = admin(&gateway, "GET", &path, None);
        assert_eq!(status, 200, "{page}");
        let names = page["organisations"].as_array().unwrap().iter();
        let names: Vec<_> = names
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect();
        (names, page["next"].as_str().map(str::to_owned))
    };
    let (all, next) = list("");
    assert!(
        all.is_sorted() && all.len() >= 2 && next.is_none(),
        "{all:?}"
    );
    let mut seen = Vec::new();
    let mut query = "?limit=1".to_owned();
    loop {
        let (names, next) = list(&query);
        seen.extend(names);
        let Some(next) = next else { break };
        query = format!("?limit=1&after={next}");
    }
    assert_eq!(seen, all);
}

#[test]
fn what_is_in_use_stays() {
    let gateway = start();
    let ask = |method: &str, path: &str, body: Option<Value>| {
        let (status, body) = admin(
            &gateway,
            method,
            &format!("/admin/organisations{path}"),
            body,
        );
        (
            status,
            body["reason"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let outsiders = "11111111222222223333333344444444";
    for (method, path, body, status, reason) in [
        ("DELETE", "/OTHERORG", None, 409, "OTHERORG has users: "),
        (
            "DELETE",
            &format!("/OTHERORG/units/{outsiders}"),
            None,
            409,
            "default unit|has users",
        ),
        (
            "PUT",
            &format!("/CRMDEMO/units/{outsiders}"),
            Some(json!({})),
            409,
            "another organisation",
        ),
        (
            "PATCH",
            "/OTHERORG",
            Some(json!({"name": "CRMDEMO"})),
            409,
            "there is such an organisation",
        ),
        (
            "PATCH",
            "/OTHERORG",
            Some(json!({"default_unit": "moon"})),
            400,
            "not among the units",
        ),
        (
            "POST",
            "",
            Some(json!({"name": "x", "id": "moon"})),
            400,
            "it is invalid",
        ),
        (
            "POST",
            "",
            Some(json!({"name": " "})),
            400,
            "the name is empty",
        ),
        ("GET", "?limit=0", None, 400, LIMIT),
        ("GET", "?limit=99999999999", None, 400, LIMIT),
        ("POST", "", Some(json!([])), 400, "expected an object"),
        (
            "PUT",
            "/OTHERORG/units/a%0Ab",
            Some(json!({})),
            400,
            "control character",
        ),
    ] {
        let (refused, text) = ask(method, path, body);
        assert_eq!(refused, status, "{method} {path}: {text}");
        assert!(
            reason.split('|').any(|reason| text.contains(reason)),
            "{method} {path}: {text}"
        );
    }
    let login = json!({"user_id": "outsider", "password": "outsider-demo"});
    let login = Request::post("/v2/authorize").json(&login);
    assert_eq!(login.send(gateway.public()).unwrap().status, 200);
}

#[test]
fn an_identifier_means_its_own_organisation_though_another_is_named_like_it() {
    let gateway = start();
    let ask = |method: &str, path: &str, body: Option<Value>| {
        let path = format!("/admin/organisations{path}");
        admin(&gateway, method, &path, body)
    };
    let add = |name: &str| ask("POST", "", Some(json!({"name": name}))).1;
    let first = add("First");
    let id = first["id"].as_str().unwrap();
    let other = add(id);
    assert_eq!(ask("GET", &format!("/{id}"), None), (200, first.clone()));
    assert_eq!(ask("DELETE", &format!("/{id}"), None).0, 204);
    assert_eq!(ask("GET", "/First", None).0, 404);
    assert_eq!(ask("GET", &format!("/{id}"), None), (200, other));
}
