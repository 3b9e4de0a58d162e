//! What an operator can choose.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::json;

use crate::calls::Answer;
use crate::world::World;

#[actix_web::test]
async fn token_login_echoes_its_token_if_told_to() {
    let world = World::with(json!({"echo_reauthentication_token": true})).await;
    let (_, remember) = world.login_on("phone").await;
    let again = world.token_login(&remember).await;
    assert_eq!(again.text("ReAuthenticationToken"), remember);
    world.token_login(&remember).await.session();
}

#[actix_web::test]
async fn logout_can_end_the_session_alone() {
    let world = World::with(json!({"logout_ends": "session"})).await;
    let (session, remember) = world.login_on("phone").await;
    let logout = world
        .with_token(Method::POST, "Authentication/Logout", &session)
        .await;
    assert_eq!((logout.status, logout.body), (200, json!({})));
    assert!(!world.is_live(&session).await);
    world.token_login(&remember).await.session();
}

#[actix_web::test]
async fn logout_ends_a_session_whose_device_logged_in_again() {
    let world = World::new().await;
    let (first, _) = world.login_on("phone").await;
    let (second, remember) = world.login_on("phone").await;
    let logout = world
        .with_token(Method::POST, "Authentication/Logout", &first)
        .await;
    assert_eq!(logout.status, 200);
    assert!(!world.is_live(&first).await);
    assert!(world.is_live(&second).await);
    world.token_login(&remember).await.session();
}

#[actix_web::test]
async fn the_policy_is_told_and_enforced() {
    let policy =
        json!({"min_length": 4, "special_characters": 1, "mixed_case": true, "numeric": true});
    let world = World::with(json!({"password_policy": policy})).await;
    let session = world.login("ada", "ada-password").await.session();
    let company = world.with_token(Method::GET, "Company", &session).await;
    let told = json!({
        "Name": "ACME",
        "ImageURL": "",
        "SecuritySettings": {
            "PasswordMinLength": 4,
            "PasswordDuration": 0,
            "PasswordSpecialCharacters": 1,
            "PasswordMustHaveMixedCase": true,
            "PasswordMustHaveNumeric": true,
            "NumberOfPasswordsBeforeReuse": 0,
        },
    });
    assert_eq!((company.status, company.body), (200, told));

    let key = world.reset_key("ada").await;
    for password in ["A1-", "Ab12", "ab1-", "AB1-", "Abc-"] {
        let refused = world.finish_reset(&key, password).await;
        assert_eq!(
            refused.wrong_members(),
            ["passwordResetInformation.Password"],
            "{password}"
        );
    }
    world.finish_reset(&key, "Ab1-").await.session();
}

#[actix_web::test]
async fn pages_of_listed_origins_may_call() {
    let world = World::with(json!({"cors_origins": ["https://app.example"]})).await;
    let ours = "https://app.example";

    let preflight = ask(&world, ours, "Authentication/TokenLogin").await;
    assert_eq!((preflight.status, preflight.body.is_null()), (200, true));
    assert_eq!(preflight.header("Access-Control-Allow-Origin"), Some(ours));
    assert_eq!(
        preflight.header("Access-Control-Allow-Methods"),
        Some("POST")
    );
    let allowed = preflight.header("Access-Control-Allow-Headers");
    assert_eq!(allowed, Some("content-type,x-custom"));
    let preflight = ask(&world, ours, "Users/Me").await;
    assert_eq!(
        preflight.header("Access-Control-Allow-Methods"),
        Some("GET")
    );

    // Refusals can be read, too.
    let request = TestRequest::get().insert_header(("Origin", ours));
    let denied = world.send(request, "Users/Me", "").await;
    assert_eq!(denied.status, 401);
    assert_eq!(denied.header("Access-Control-Allow-Origin"), Some(ours));
    assert_eq!(denied.header("Vary"), Some("Origin"));

    for other in ["https://app.example.org", "http://app.example", "null"] {
        let preflight = ask(&world, other, "Users/Me").await;
        assert_eq!(preflight.status, 405, "{other}");
        assert_eq!(preflight.header("Access-Control-Allow-Origin"), None);
    }
}

#[actix_web::test]
async fn all_origins_may_call_if_told_so() {
    let world = World::with(json!({"cors_origins": ["*"]})).await;
    let preflight = ask(&world, "https://any.example", "Company").await;
    let allowed = preflight.header("Access-Control-Allow-Origin");
    assert_eq!(
        (preflight.status, allowed),
        (200, Some("https://any.example"))
    );
}

/// What a browser asks before a page of that origin calls.
async fn ask(world: &World, origin: &str, path: &str) -> Answer {
    let request = TestRequest::default()
        .method(Method::OPTIONS)
        .insert_header(("Origin", origin))
        .insert_header(("Access-Control-Request-Method", "POST"))
        .insert_header(("Access-Control-Request-Headers", "content-type,x-custom"));
    world.send(request, path, "").await
}
