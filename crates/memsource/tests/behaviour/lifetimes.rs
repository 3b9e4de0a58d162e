//! When tokens end.

use std::time::Duration;

use isogloss_core::UserState;
use isogloss_core::directory::Directory;
use isogloss_memsource::Settings;
use serde_json::json;
use time::macros::datetime;

use crate::fixture::{Host, token};

#[actix_web::test]
async fn token_ends_a_day_after_the_login_however_it_is_used() {
    let host = Host::at(datetime!(2020-01-01 12:00 UTC), Settings::default()).await;
    let answer = host.login("ada").await;
    assert_eq!(answer["expires"], "2020-01-02T12:00:00+0000");
    for moment in [
        datetime!(2020-01-01 23:00 UTC),
        datetime!(2020-01-02 11:00 UTC),
        datetime!(2020-01-02 11:59:59 UTC),
    ] {
        host.move_to(moment);
        assert_eq!(host.who_am_i(token(&answer)).await, 200, "{moment}");
    }
    host.move_to(datetime!(2020-01-02 12:00 UTC));
    assert_eq!(host.who_am_i(token(&answer)).await, 401);
}

#[actix_web::test]
async fn token_of_login_other_has_a_lifetime_of_its_own_but_no_longer_one() {
    for (hours, expires) in [
        (1, "2020-01-01T13:00:00+0000"),
        (24, "2020-01-02T12:00:00+0000"),
        (48, "2020-01-02T12:00:00+0000"),
    ] {
        let settings = Settings {
            impersonation_lifetime: Duration::from_hours(hours),
            ..Settings::default()
        };
        let host = Host::at(datetime!(2020-01-01 12:00 UTC), settings).await;
        let other = host.login_other("ada", "lin").await;
        assert_eq!(other["expires"], expires, "{hours} h");
    }
}

#[actix_web::test]
async fn browser_session_of_login_other_has_that_lifetime_too() {
    let settings = Settings {
        impersonation_lifetime: Duration::from_hours(1),
        ..Settings::default()
    };
    let host = Host::at(datetime!(2020-01-01 12:00 UTC), settings).await;
    let other = host.login_other("ada", "lin").await;
    let cookie = host.enter(token(&other)).await;
    host.move_to(datetime!(2020-01-01 12:59:59 UTC));
    assert_eq!(host.who_am_i(&cookie).await, 200);
    host.move_to(datetime!(2020-01-01 13:00 UTC));
    assert_eq!(host.who_am_i(&cookie).await, 401);
}

#[actix_web::test]
async fn login_other_renews_no_login_for_ever() {
    let host = Host::at(datetime!(2020-01-01 12:00 UTC), Settings::default()).await;
    let mut answer = host.login("ada").await;
    for (moment, expires) in [
        (datetime!(2020-01-02 11:00 UTC), "2020-01-03T11:00:00+0000"),
        (datetime!(2020-01-03 10:00 UTC), "2020-01-03T12:00:00+0000"),
        (datetime!(2020-01-03 11:59 UTC), "2020-01-03T12:00:00+0000"),
    ] {
        host.move_to(moment);
        let own = format!("userName=ada&token={}", token(&answer));
        let (status, other) = host.get(&format!("api/v3/auth/loginOther?{own}")).await;
        assert_eq!(
            (status, &other["expires"]),
            (200, &json!(expires)),
            "{moment}"
        );
        answer = other;
    }
    host.move_to(datetime!(2020-01-03 12:00 UTC));
    assert_eq!(host.who_am_i(token(&answer)).await, 401);
}

#[actix_web::test]
async fn token_of_a_user_who_was_disabled_is_401_and_the_login_403() {
    let host = Host::at(datetime!(2020-01-01 12:00 UTC), Settings::default()).await;
    let answer = host.login("lin").await;
    let account = host.directory.account("lin").await.unwrap().unwrap();
    host.directory
        .set_state(account.user.id, UserState::Disabled)
        .await
        .unwrap();
    let (status, refusal) = host
        .get(&format!("api/v3/auth/whoAmI?token={}", token(&answer)))
        .await;
    assert_eq!(
        (status, refusal),
        (
            401,
            json!({"errorCode": "AuthUnauthorized", "errorDescription": "Unauthorized access."})
        )
    );
    let (status, refusal) = host.get("api/v3/auth/login?userName=lin&password=pw").await;
    assert_eq!(
        (status, &refusal["errorCode"]),
        (403, &json!("AuthAccountInactive"))
    );
}
