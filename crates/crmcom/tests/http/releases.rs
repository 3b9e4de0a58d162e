//! How long a token is valid in each release, and that a released token is invalid.

use std::time::Duration;

use futures_util::future::join_all;
use isogloss_crmcom::{Release, Settings};
use serde_json::json;

use crate::fixture::Fixture;

const MILLISECOND: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

fn of(release: Release) -> Settings {
    Settings {
        release,
        ..Settings::default()
    }
}

/// Checks that the token is valid until 1 ms before `life` has passed, and invalid then, although it was used.
async fn assert_absolute(fixture: &Fixture, token: &str, life: Duration) {
    fixture.clock.advance(life.saturating_sub(MILLISECOND));
    assert!(fixture.use_token(token).await.is_some(), "before {life:?}");
    fixture.clock.advance(MILLISECOND);
    assert!(fixture.use_token(token).await.is_none(), "after {life:?}");
}

#[actix_web::test]
async fn r6_is_the_default_and_gives_an_hour_from_the_login() {
    let fixture = Fixture::new().await;
    assert_eq!(Settings::default().release, Release::R6);
    let token = fixture.log_in(&Settings::default()).await;
    assert_absolute(&fixture, &token, HOUR).await;
}

#[actix_web::test]
async fn r12_gives_two_hours_from_the_login() {
    let fixture = Fixture::new().await;
    let token = fixture.log_in(&of(Release::R12)).await;
    assert_absolute(&fixture, &token, 2 * HOUR).await;
}

#[actix_web::test]
async fn r10_gives_an_hour_without_use() {
    let fixture = Fixture::new().await;
    let settings = of(Release::R10);
    let (used, unused) = (
        fixture.log_in(&settings).await,
        fixture.log_in(&settings).await,
    );
    for _ in 0..5 {
        fixture.clock.advance(50 * MINUTE);
        assert!(fixture.use_token(&used).await.is_some());
    }
    assert!(fixture.use_token(&unused).await.is_none());
    fixture.clock.advance(HOUR);
    assert!(fixture.use_token(&used).await.is_none());
}

#[actix_web::test]
async fn the_token_of_a_key_lives_two_hours_in_every_release() {
    for release in [Release::R6, Release::R10, Release::R12] {
        let fixture = Fixture::new().await;
        let token = fixture.log_in_by_key(&of(release)).await;
        fixture.clock.advance(HOUR);
        assert_absolute(&fixture, &token, HOUR).await;
    }
}

#[actix_web::test]
async fn a_token_lifetime_overrides_the_span() {
    let settings = Settings {
        token_lifetime: Some(5 * MINUTE),
        ..of(Release::R12)
    };
    let fixture = Fixture::new().await;
    let (user, key) = (
        fixture.log_in(&settings).await,
        fixture.log_in_by_key(&settings).await,
    );
    assert_absolute(&fixture, &user, 5 * MINUTE).await;
    assert!(fixture.use_token(&key).await.is_none());
}

#[actix_web::test]
async fn a_released_token_is_dead_at_once() {
    let fixture = Fixture::new().await;
    let settings = of(Release::R10);
    let (one, other) = (
        fixture.log_in(&settings).await,
        fixture.log_in(&settings).await,
    );
    let body = json!({"token": one});
    let reply = fixture.post(&settings, "token/release", body.clone()).await;
    assert_eq!(
        reply.body,
        json!({"status": {"message": "", "description": "", "code": "OK"}, "data": {}})
    );
    assert!(fixture.use_token(&one).await.is_none());
    assert!(fixture.use_token(&other).await.is_some());
    let reply = fixture.post(&settings, "token/release", body).await;
    assert_eq!(reply.code(), "SECURITY.INVALIDTOKENEXCEPTION");
}

#[actix_web::test]
async fn of_fifty_releases_at_once_one_succeeds() {
    let fixture = Fixture::new().await;
    let settings = Settings::default();
    let body = json!({"token": fixture.log_in(&settings).await});
    let all = (0..50).map(|_| fixture.post(&settings, "token/release", body.clone()));
    let replies = join_all(all).await;
    let released = replies.iter().filter(|reply| reply.code() == "OK");
    assert_eq!(released.count(), 1);
    let refused = |code: &str| code == "SECURITY.INVALIDTOKENEXCEPTION";
    assert_eq!(
        replies.iter().filter(|reply| refused(reply.code())).count(),
        49
    );
}
