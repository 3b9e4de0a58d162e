//! Events of a user who is erased.

use super::*;
use crate::directory::ChangeError;

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
