//! Audit events when a user is erased.

use super::*;
use isogloss_core::directory::ChangeError;

#[tokio::test]
async fn no_user_is_erased_while_events_that_name_the_user_are_not_written() {
    let w = watched().await;
    let (ada, auth) = (w.known("ada").await, &w.f.auth);
    w.recording.leave();
    w.issued("ada", Terms::new(Purpose::Access, HOUR)).await;
    assert_eq!(auth.audit().close().await, 1, "what waits is not written");
    let refused = match auth.erase(&ada).await {
        Err(ChangeError::Unavailable(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused,
        "audit log: events that wait could not be written in time; the user was not erased"
    );
    let still = w.f.directory.account("ada").await.unwrap();
    assert_eq!(still.unwrap().user, ada);
}

#[tokio::test]
async fn an_erasure_that_only_ended_tokens_is_told_without_the_user() {
    let watched = watched().await;
    let f = &watched.f;
    let token = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    f.execute("CREATE TRIGGER full BEFORE DELETE ON users BEGIN SELECT RAISE(ABORT, 'full'); END")
        .await;
    let refused = f.auth.erase(&token.session.user).await;
    assert!(refused.is_err(), "{refused:?}");
    assert!(!f.is_live(&token.token, Purpose::Access).await);
    let events = watched.end().await;
    assert_eq!(
        events.last().unwrap(),
        &json!({
            "event": "erase_user", "outcome": "refused", "reason": "unavailable",
            "organisation": "ACME", "count": 1,
        })
    );
}
