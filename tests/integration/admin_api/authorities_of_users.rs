//! `/admin/users`: users of authorities, users without a password, and counts.

use serde_json::{Value, json};

use super::users::{log_in, patch};
use crate::admin_api::{admin, start};

#[test]
fn users_of_authorities_and_without_a_password_are_added_changed_and_counted() {
    let gateway = start();
    let add = |body: Value| admin(&gateway, "POST", "/admin/users", Some(body));
    let linked = json!({"user_name": "ada", "organisation": "CRMDEMO", "authority": "corp", "external_id": "a"});
    let (status, ada) = add(linked.clone());
    assert_eq!((status, &ada["password"]), (201, &json!("none")), "{ada}");
    let link = |user: &Value| json!([user["authority"], user["external_id"], user["adopted"]]);
    assert_eq!(link(&ada), json!(["corp", "a", false]));
    let mut same = linked;
    same["user_name"] = json!("eve");
    assert_eq!(add(same).0, 409);
    let (status, refused) = add(json!({"user_name": "bob", "organisation": "CRMDEMO"}));
    let reason =
        "the user needs a password or an authority; \"password\": null is for a user without one";
    assert_eq!((status, &refused["reason"]), (400, &json!(reason)));
    let none = json!({"user_name": "bob", "organisation": "CRMDEMO", "password": null});
    let (status, bob) = add(none);
    assert_eq!((status, &bob["password"]), (201, &json!("none")));
    assert_eq!(log_in(&gateway, "bob", "none"), 401);

    let (status, given) = patch(&gateway, "bob", json!({"authority": "corp"}));
    assert_eq!((status, link(&given)), (200, json!(["corp", null, false])));
    let summary = admin(&gateway, "GET", "/admin/users/summary", None).1;
    let groups = summary["groups"].as_array().unwrap();
    let corp = groups.iter().find(|group| group["authority"] == "corp");
    assert_eq!(corp.unwrap()["without_password"], 2, "{summary}");
    let query = "/admin/users?authority=corp&never_logged_in=true";
    let listed = admin(&gateway, "GET", query, None).1;
    assert_eq!(listed["users"], json!([ada, given]));
    let (status, local) = patch(&gateway, "bob", json!({"authority": null}));
    assert_eq!((status, link(&local)), (200, json!([null, null, null])));
    let (status, _) = patch(&gateway, "bob", json!({"external_id": "b"}));
    assert_eq!(status, 400);
}
