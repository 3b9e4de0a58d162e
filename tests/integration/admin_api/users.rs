//! `/admin/users`.

use isogloss_testkit::{Gateway, Request};
use serde_json::{Value, json};

use crate::admin_api::{admin, recorded, start};

pub(super) fn log_in(gateway: &Gateway, name: &str, password: &str) -> u16 {
    let body = json!({"user_id": name, "password": password});
    let request = Request::post("/v2/authorize").json(&body);
    request.send(gateway.public()).unwrap().status
}

#[test]
fn a_user_is_added_given_a_password_and_switched_off_and_on() {
    let gateway = start();
    let new = json!({"user_name": "ada", "organisation": "CRMDEMO", "password": "analytical", "role": "ADMIN", "language": "de"});
    let (status, added) = admin(&gateway, "POST", "/admin/users", Some(new.clone()));
    assert_eq!(
        (status, &added["role"], &added["language"]),
        (201, &json!("ADMIN"), &json!("de"))
    );
    assert!(!added.to_string().contains("analytical"));
    assert_eq!(admin(&gateway, "POST", "/admin/users", Some(new)).0, 409);
    assert_eq!(log_in(&gateway, "ada", "analytical"), 200);
    let id = added["id"].as_str().unwrap();
    for name in ["ada", "ADA", id] {
        let (status, mut shown) = admin(&gateway, "GET", &format!("/admin/users/{name}"), None);
        assert!(shown["last_login_at"].take().is_string(), "{shown}");
        let mut expected = added.clone();
        expected["last_login_at"] = Value::Null;
        assert_eq!((status, shown), (200, expected), "{name}");
    }
    let put = |what: &str, body: Value| {
        admin(
            &gateway,
            "PUT",
            &format!("/admin/users/ada/{what}"),
            Some(body),
        )
        .0
    };
    assert_eq!(put("password", json!({"password": "engine"})), 204);
    assert_eq!(log_in(&gateway, "ada", "analytical"), 401);
    assert_eq!(log_in(&gateway, "ada", "engine"), 200);
    assert_eq!(put("state", json!({"state": "disabled"})), 200);
    assert_eq!(log_in(&gateway, "ada", "engine"), 403);
    assert_eq!(put("state", json!({"state": "active"})), 200);
    assert_eq!(log_in(&gateway, "ada", "engine"), 200);
    for (what, body) in [
        ("password", json!({"password": ""})),
        ("password", json!({"password": "x".repeat(73)})),
        ("password", json!({"password": 7})),
        ("state", json!({"state": "asleep"})),
    ] {
        assert_eq!(put(what, body.clone()), 400, "{body}");
    }
    let (status, body) = admin(
        &gateway,
        "POST",
        "/admin/users",
        Some(json!({"user_name": "bob", "organisation": "MOON", "password": "x"})),
    );
    assert_eq!(status, 400, "{body}");
    assert_eq!(admin(&gateway, "GET", "/admin/users/nobody", None).0, 404);
}

#[test]
fn users_are_listed_page_by_page() {
    let gateway = start();
    let all = admin(&gateway, "GET", "/admin/users", None).1;
    assert_eq!(all["next"], Value::Null);
    let all = all["users"].as_array().unwrap();
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let (status, page) = admin(
            &gateway,
            "GET",
            &format!("/admin/users?limit=3{after}"),
            None,
        );
        assert_eq!(status, 200);
        seen.extend(page["users"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_i64() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(seen, *all);
    assert_eq!(all[0]["password"], "current");
    for secret in ["totp", "generation", "hash"] {
        assert!(
            !all[0]
                .as_object()
                .unwrap()
                .keys()
                .any(|key| key.contains(secret))
        );
    }
}

pub(super) fn patch(gateway: &Gateway, user: &str, body: Value) -> (u16, Value) {
    admin(
        gateway,
        "PATCH",
        &format!("/admin/users/{user}"),
        Some(body),
    )
}

fn token(gateway: &Gateway, name: &str, password: &str) -> String {
    let body = json!({"user_id": name, "password": password});
    let request = Request::post("/v2/authorize").json(&body);
    let answer = request.send(gateway.public()).unwrap().json().unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn is_live(gateway: &Gateway, token: &str) -> bool {
    let request = Request::get("/v2/authorize").header("Authorization", format!("BimPlus {token}"));
    match request.send(gateway.public()).unwrap().status {
        200 => true,
        401 => false,
        status => panic!("{status}"),
    }
}

#[test]
fn a_user_is_renamed_and_given_another_role_and_stays_logged_in() {
    let gateway = start();
    let live = token(&gateway, "linguist", "linguist-demo");
    let before = admin(&gateway, "GET", "/admin/users/linguist", None).1;
    assert_eq!(
        patch(&gateway, "linguist", json!({})),
        (200, before.clone())
    );
    let edit = json!({
        "user_name": "philologist", "email": null, "first_name": "Phi", "last_name": "Lologist",
        "image_url": "https://example.com/phi.png", "language": "de-AT", "role": "PROJECT_MANAGER", "number": 4711,
    });
    let mut expected = before.clone();
    let members = expected.as_object_mut().unwrap();
    members.extend(edit.as_object().unwrap().clone());
    members.remove("email");
    assert_eq!(patch(&gateway, "linguist", edit), (200, expected.clone()));
    let shown = admin(&gateway, "GET", "/admin/users/philologist", None);
    assert_eq!(shown, (200, expected));
    let (_, shown) = patch(&gateway, "philologist", json!({"language": null}));
    assert_eq!(shown["language"], Value::Null);
    assert_eq!(admin(&gateway, "GET", "/admin/users/linguist", None).0, 404);
    assert!(is_live(&gateway, &live));
    assert_eq!(log_in(&gateway, "philologist", "linguist-demo"), 200);
    let event = recorded(&gateway, "edit_user");
    assert_eq!(
        (&event["user"], &event["actor"]),
        (&before["id"], &json!("key demo"))
    );
}

#[test]
fn another_organisation_ends_what_was_begun_in_the_old_one() {
    let gateway = start();
    let live = token(&gateway, "linguist", "linguist-demo");
    let moved = json!({"organisation": "OTHERORG", "units": [], "default_unit": null});
    let (status, moved) = patch(&gateway, "linguist", moved);
    assert_eq!((status, &moved["organisation"]), (200, &json!("OTHERORG")));
    assert!(!is_live(&gateway, &live));
    assert_eq!(log_in(&gateway, "linguist", "linguist-demo"), 200);
}

#[test]
fn an_edit_that_makes_no_sense_changes_nothing() {
    let gateway = start();
    let before = admin(&gateway, "GET", "/admin/users/linguist", None);
    for (edit, status, reason) in [
        (json!({"user_name": ""}), 400, "the user name is empty"),
        (
            json!({"user_name": null, "moon": 1}),
            400,
            "unknown field `moon`",
        ),
        (json!({"role": "KING"}), 400, "the role is none of ADMIN"),
        (
            json!({"organisation": "MOON"}),
            400,
            "there is no organisation MOON",
        ),
        (json!({"units": ["moon"]}), 400, "has no unit moon"),
        (
            json!({"email": "a\u{0}b"}),
            400,
            "the e-mail address holds a control character",
        ),
        (json!({"email": "sample"}), 400, "not like name@example.com"),
        (
            json!({"language": "german"}),
            400,
            "german: the language is no language tag",
        ),
        (json!({"number": 0}), 400, "the number is not between 1 and"),
        (
            json!({"user_name": "ADMIN"}),
            409,
            "user admin logs in by the same name",
        ),
        (
            json!({"email": "sample@example.com"}),
            409,
            "user sample logs in by the same name",
        ),
        (json!({"number": 30}), 409, "user admin has the same number"),
    ] {
        let (refused, body) = patch(&gateway, "linguist", edit.clone());
        assert_eq!(refused, status, "{edit}: {body}");
        assert!(body["reason"].as_str().unwrap().contains(reason), "{body}");
    }
    assert_eq!(patch(&gateway, "nobody", json!({})).0, 404);
    assert_eq!(
        admin(&gateway, "GET", "/admin/users/linguist", None),
        before
    );
}

#[test]
fn a_user_is_erased_and_audited_without_a_name() {
    let gateway = start();
    let session = token(&gateway, "sample", "sample-demo");
    let user = admin(&gateway, "GET", "/admin/users/sample", None).1;
    let (status, erased) = admin(&gateway, "DELETE", "/admin/users/sample", None);
    assert_eq!(status, 200, "{erased}");
    let pseudonym = erased["pseudonym"].as_str().unwrap();
    let expected = json!({
        "pseudonym": pseudonym, "sessions": 1, "keys": 0, "audit_events": 0,
        "counts": erased["counts"], "was_last_administrator": false,
    });
    assert_eq!(erased, expected);
    assert!(!is_live(&gateway, &session));
    assert_eq!(log_in(&gateway, "sample", "sample-demo"), 401);
    assert_eq!(admin(&gateway, "GET", "/admin/users/sample", None).0, 404);
    assert_eq!(
        admin(&gateway, "DELETE", "/admin/users/sample", None).0,
        404
    );
    let event = recorded(&gateway, "erase_user");
    assert_eq!(event["user"], pseudonym);
    assert_eq!(event["actor"], "key demo");
    for known in ["id", "user_name", "email"] {
        let known = user[known].as_str().unwrap();
        assert!(!event.to_string().contains(known), "{event}");
    }
}

#[test]
fn an_identifier_means_its_own_user_though_another_is_named_like_it() {
    let gateway = start();
    let ask = |method: &str, name: &str| {
        let (status, answer) = admin(&gateway, method, &format!("/admin/users/{name}"), None);
        (status, answer["user_name"].clone())
    };
    let shown = admin(&gateway, "GET", "/admin/users/sample", None).1;
    let id = shown["id"].as_str().unwrap();
    let new = json!({"user_name": id, "organisation": "CRMDEMO", "password": "look-alike"});
    let (status, other) = admin(&gateway, "POST", "/admin/users", Some(new));
    assert_eq!(status, 201, "{other}");
    let other = other["id"].as_str().unwrap();
    assert_eq!(ask("GET", id), (200, json!("sample")));
    assert_eq!(ask("GET", other), (200, json!(id)));
    assert_eq!(ask("DELETE", id).0, 200);
    assert_eq!(ask("GET", "sample").0, 404);
    assert_eq!(
        ask("GET", id),
        (200, json!(id)),
        "a name that is not an identifier"
    );
}

#[test]
fn users_are_searched_and_filtered() {
    let gateway = start();
    let list = |query: &str| -> Vec<Value> {
        let (status, page) = admin(&gateway, "GET", &format!("/admin/users?{query}"), None);
        assert_eq!(status, 200, "{page}");
        let users = page["users"].as_array().unwrap().iter();
        users.map(|user| user["user_name"].clone()).collect()
    };
    assert_eq!(list("search=Min+Istrator"), ["admin"]);
    assert_eq!(list("search=%25"), [Value::Null; 0]);
    assert_eq!(list("state=disabled&organisation=CRMDEMO"), ["retired"]);
    assert_eq!(list("search=a&limit=1").len(), 1);
    for (query, status) in [
        ("role=KING", 400),
        ("state=asleep", 400),
        ("organisation=NOWHERE", 404),
    ] {
        let answer = admin(&gateway, "GET", &format!("/admin/users?{query}"), None);
        assert_eq!(answer.0, status, "{query}");
    }
}
