//! How long things live, to the instant.

use actix_web::http::Method;
use serde_json::json;

use crate::world::{HOUR, INSTANT, World, just_short_of};

#[actix_web::test]
async fn a_re_authentication_token_lives_for_thirty_days_from_its_login() {
    let world = World::new().await;
    let (_, remember) = world.login_on("phone").await;
    world.clock.advance(just_short_of(HOUR * 24 * 30));
    // Its use does not prolong it.
    world.token_login(&remember).await.session();
    world.clock.advance(INSTANT);
    world.token_login(&remember).await.is_refused();
}

#[actix_web::test]
async fn a_session_lives_for_twelve_hours_used_or_not() {
    let world = World::new().await;
    let session = world.login("ada", "ada-password").await.session();
    world.clock.advance(just_short_of(HOUR * 12));
    assert!(world.is_live(&session).await);
    world.clock.advance(INSTANT);
    assert!(!world.is_live(&session).await);
    let logout = world
        .with_token(Method::POST, "Authentication/Logout", &session)
        .await;
    let denied = json!({"Message": "Authorization has been denied for this request."});
    assert_eq!((logout.status, logout.body), (401, denied));
}

#[actix_web::test]
async fn a_session_outlives_the_token_it_came_from() {
    let world = World::new().await;
    let (_, remember) = world.login_on("phone").await;
    world.clock.advance(just_short_of(HOUR * 24 * 30));
    let session = world.token_login(&remember).await.session();
    world.clock.advance(just_short_of(HOUR * 12));
    assert!(world.is_live(&session).await);
    let logout = world
        .with_token(Method::POST, "Authentication/Logout", &session)
        .await;
    assert_eq!((logout.status, logout.body), (200, json!({})));
    assert!(!world.is_live(&session).await);
}

#[actix_web::test]
async fn a_session_can_live_by_its_use() {
    let settings = json!({"session_lifetime": "30min", "session_lifetime_from": "use"});
    let world = World::with(settings).await;
    let session = world.login("ada", "ada-password").await.session();
    for _ in 0..10 {
        world.clock.advance(just_short_of(HOUR / 2));
        assert!(world.is_live(&session).await);
    }
    world.clock.advance(HOUR / 2);
    assert!(!world.is_live(&session).await);
}

#[actix_web::test]
async fn lifetimes_are_settings() {
    let settings = json!({
        "session_lifetime": "1min", "reauthentication_lifetime": "2min", "reset_key_lifetime": "3min",
    });
    let world = World::with(settings).await;
    let minute = HOUR / 60;
    let (session, remember) = world.login_on("phone").await;
    let key = world.reset_key("ada").await;
    world.clock.advance(minute);
    assert!(!world.is_live(&session).await);
    world.token_login(&remember).await.session();
    world.clock.advance(minute);
    world.token_login(&remember).await.is_refused();
    world.clock.advance(just_short_of(minute));
    world.finish_reset(&key, "7 chars").await.wrong_members();
    world.clock.advance(INSTANT);
    world.finish_reset(&key, "brand new").await.is_refused();
}
