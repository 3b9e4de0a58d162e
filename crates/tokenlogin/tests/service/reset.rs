//! Resetting a forgotten password, from the e-mail to the new session.

use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use isogloss_core::{Email, Mailer, StoreError};
use serde_json::json;

use crate::fixture::{HOUR, INSTANT, Plan, World, just_short_of};

#[actix_web::test]
async fn the_key_of_the_letter_sets_a_password_and_logs_in() {
    let world = World::new().await;
    let asked = world.request_reset("ada").await;
    assert_eq!((asked.status, asked.body.is_null()), (200, true));
    assert!(!asked.headers.contains_key("Content-Type"));

    let letter = world.letter().await;
    let key = letter.text.lines().nth(2).unwrap().to_owned();
    let text = format!(
        "Somebody, most likely you, asked for a new password. This key sets one:\n\n{key}\n\nIt works once, within 60 minutes. If you did not ask, do nothing: your password stays as it is.\n"
    );
    assert_eq!(letter.to, "ada@example.com");
    assert_eq!(letter.subject, "Your new password");
    assert_eq!(letter.text, text);

    let finished = world.finish_reset(&key, "brand new").await;
    assert!(world.is_live(&finished.session()).await);
    assert_eq!(finished.text("ReAuthenticationToken"), "");
    world.login("ada", "ada-password").await.is_refused();
    world.login("ada", "brand new").await.session();
}

#[actix_web::test]
async fn the_key_is_spent_by_its_use() {
    let world = World::new().await;
    let key = world.reset_key("ada").await;
    // With the spaces and upper case that users may produce when they copy the key.
    let copied = format!(" {}\n", key.to_uppercase());
    world.finish_reset(&copied, "brand new").await.session();
    world.finish_reset(&key, "another one").await.is_refused();
    world.login("ada", "brand new").await.session();
}

#[actix_web::test]
async fn a_new_password_ends_sessions_and_re_authentication_tokens() {
    let world = World::new().await;
    let (session, remember) = world.login_on("phone").await;
    let bystander = world.login("carol", "carol-password").await.session();
    let key = world.reset_key("ada").await;
    assert!(world.is_live(&session).await, "asking changes nothing");
    world.finish_reset(&key, "brand new").await.session();
    assert!(!world.is_live(&session).await);
    world.token_login(&remember).await.is_refused();
    assert!(world.is_live(&bystander).await);
}

#[actix_web::test]
async fn the_key_is_good_for_nothing_else() {
    let world = World::new().await;
    let key = world.reset_key("ada").await;
    world.token_login(&key).await.is_refused();
    assert!(!world.is_live(&key).await);
    world.finish_reset(&key, "brand new").await.session();
}

#[actix_web::test]
async fn a_password_set_elsewhere_ends_the_key() {
    let world = World::new().await;
    let key = world.reset_key("ada").await;
    world.set_password("ada", "set elsewhere").await;
    world.finish_reset(&key, "brand new").await.is_refused();
    world.login("ada", "set elsewhere").await.session();
}

#[actix_web::test]
async fn a_newer_key_replaces_the_older() {
    let world = World::new().await;
    let older = world.reset_key("ada").await;
    let others = world.reset_key("bob@example.com").await;
    let newer = world.reset_key("ADA@example.com").await;
    world.finish_reset(&older, "brand new").await.is_refused();
    world.finish_reset(&newer, "brand new").await.session();
    world.finish_reset(&others, "brand new").await.session();
}

#[actix_web::test]
async fn the_key_lives_for_an_hour() {
    let world = World::new().await;
    let key = world.reset_key("ada").await;
    world.clock.advance(just_short_of(HOUR));
    world.finish_reset(&key, "brand new").await.session();

    let key = world.reset_key("ada").await;
    world.clock.advance(HOUR);
    world.finish_reset(&key, "another one").await.is_refused();
}

#[actix_web::test]
async fn how_long_the_key_lives_is_a_setting() {
    let world = World::with(json!({"reset_key_lifetime": "3min"})).await;
    let key = world.reset_key("ada").await;
    world.clock.advance(just_short_of(HOUR / 20));
    // The password violates the policy, so the key stays valid.
    world.finish_reset(&key, "7 chars").await.wrong_members();
    world.clock.advance(INSTANT);
    world.finish_reset(&key, "brand new").await.is_refused();

    world.request_reset("ada").await;
    let letter = world.letter().await;
    assert!(letter.text.contains("within 3 minutes"), "{}", letter.text);
}

#[actix_web::test]
async fn a_password_against_the_policy_leaves_the_key_unspent() {
    let world = World::new().await;
    let key = world.reset_key("ada").await;
    for password in ["7 chars", &"x".repeat(73), "with a \0 in it", " "] {
        let refused = world.finish_reset(&key, password).await;
        assert_eq!(
            refused.wrong_members(),
            ["passwordResetInformation.Password"]
        );
    }
    world.login("ada", "ada-password").await.session();
    world.finish_reset(&key, "8 chars.").await.session();
}

#[actix_web::test]
async fn of_fifty_who_use_a_key_at_once_one_gets_in() {
    let world = World::new().await;
    let key = world.reset_key("ada").await;
    let answers = join_all((0..50).map(|_| world.finish_reset(&key, "brand new"))).await;
    let (in_, out): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((in_.len(), out.len()), (1, 49));
    for answer in out {
        answer.is_refused();
    }
}

#[actix_web::test]
async fn only_who_can_log_in_and_be_reached_gets_a_letter() {
    let world = World::new().await;
    for name in ["nobody", "retired", "carol"] {
        let answer = world.request_reset(name).await;
        assert_eq!(
            (answer.status, answer.body.is_null()),
            (200, true),
            "{name}"
        );
    }
    assert_eq!(world.request_reset("bob@example.com").await.status, 200);
    assert_eq!(world.letter().await.to, "bob@example.com");
    assert!(!world.has_letters().await);
}

#[actix_web::test]
async fn a_letter_does_not_stand_for_the_second_factor() {
    let world = World::new().await;
    let key = world.reset_key("guarded").await;
    world.finish_reset(&key, "brand new").await.is_refused();
    world.finish_reset(&key, "brand new").await.is_refused();
}

#[actix_web::test]
async fn mail_that_hangs_or_fails_does_not_show() {
    for mailer in [Arc::new(Hanging) as Arc<dyn Mailer>, Arc::new(Failing)] {
        let world = World::of(Plan {
            mailer: Some(mailer),
            ..Plan::default()
        })
        .await;
        let answer = world.request_reset("ada").await;
        assert_eq!((answer.status, answer.body.is_null()), (200, true));
    }
}

struct Hanging;

#[async_trait]
impl Mailer for Hanging {
    async fn send(&self, _: Email) -> Result<(), StoreError> {
        pending().await
    }
}

struct Failing;

#[async_trait]
impl Mailer for Failing {
    async fn send(&self, _: Email) -> Result<(), StoreError> {
        Err(StoreError::new("mail", "no such host"))
    }
}
