//! Decisions of the hook.

use std::time::Duration;

use isogloss_core::authority::{Decision, DisabledReason};
use isogloss_testkit::{AuthorityServer, AuthorityUser, UserState};

use super::{hook, judge};

#[tokio::test]
async fn the_hook_decides() {
    let user = |login: &str, state| AuthorityUser::new(login, "right").with_state(state);
    let server = AuthorityServer::hook([
        user("kim", UserState::Active),
        user("old", UserState::Disabled),
        user("expired", UserState::PasswordExpired),
        user("careful", UserState::SecondFactor),
        user("locked", UserState::Locked),
    ])
    .unwrap();
    let hook = hook(&server);
    let throttled = Decision::Throttled {
        retry_after: Some(Duration::from_secs(30)),
    };
    let expired = Decision::Disabled(DisabledReason::PasswordExpired);
    for (login, password, expected) in [
        ("kim", "wrong", Decision::Rejected),
        ("lee", "right", Decision::UnknownUser),
        ("old", "right", Decision::Disabled(DisabledReason::Disabled)),
        ("old", "wrong", Decision::Rejected),
        ("expired", "right", expired),
        ("careful", "right", Decision::SecondFactorRequired),
        ("locked", "right", throttled),
    ] {
        assert_eq!(judge(&hook, login, password).await, expected, "{login}");
    }
    let Decision::Accepted(identity) = judge(&hook, "kim", "right").await else {
        panic!("not accepted")
    };
    assert_eq!(identity.external_id, "id-kim");
    assert_eq!(identity.email.as_deref(), Some("kim@example.com"));
}
