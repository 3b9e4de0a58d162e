//! Tokens in the bodies of forward-auth requests.

use actix_web::http::header::{AUTHORIZATION, COOKIE};
use isogloss_bimplus::Bimplus;
use isogloss_crmcom::Crmcom;
use isogloss_memsource::Memsource;
use serde_json::json;

use super::fixture::World;
use super::places::{FORM, MULTIPART, get, parts, post};

#[actix_web::test]
async fn the_body_is_searched_if_the_head_has_no_token() {
    let world = World::new().await;
    let token = world.token::<Memsource>().await;
    let form = || post(FORM, format!("token={token}"));
    for (request, status) in [
        (form(), 204),
        (post(MULTIPART, parts(&token)), 204),
        (form().uri("/mount/work?token="), 204),
        (form().insert_header((AUTHORIZATION, "Basic YTpi")), 204),
        (
            form().insert_header((COOKIE, "isogloss_session=node0-1")),
            204,
        ),
        (post(FORM, "token="), 401),
        (post(FORM, ""), 401),
        (post(FORM, format!("token={token}&token=30-a")), 401),
        (
            post(FORM, format!("a={}&token={token}", "x".repeat(64 * 1024))),
            401,
        ),
        (get("work"), 401),
    ] {
        assert_eq!(world.forward_auth::<Memsource>(request).await, status);
    }
    let token = world.token::<Crmcom>().await;
    let body = json!({"token": token, "a": {"token": 1}}).to_string();
    let request = post("application/json", body);
    assert_eq!(world.forward_auth::<Crmcom>(request).await, 204);
}

#[actix_web::test]
async fn a_token_in_the_head_precedes_one_in_the_body() {
    let world = World::new().await;
    let token = world.token::<Memsource>().await;
    let dead = format!("30-{}", "0".repeat(32));
    for (head, body, status) in [
        (&*token, &*dead, 204),
        (&token, "30-a", 204),
        (&dead, &token, 401),
        ("30-a", &token, 401),
    ] {
        let request = post(FORM, format!("token={body}"));
        let request = request.insert_header((AUTHORIZATION, format!("ApiToken {head}")));
        let outcome = world.forward_auth::<Memsource>(request).await;
        assert_eq!(outcome, status, "{head} {body}");
    }
}

#[actix_web::test]
async fn bodies_of_dialects_without_a_token_in_them_are_not_searched() {
    let world = World::new().await;
    let token = world.token::<Bimplus>().await;
    let request = post(FORM, format!("access_token={token}&token={token}"));
    assert_eq!(world.forward_auth::<Bimplus>(request).await, 401);
}
