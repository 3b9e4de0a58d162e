//! Maximum lifetime of derived tokens, their maximum number, and how long their ancestors stay known.

use std::num::NonZeroU32;

use super::derived::{DAY, at, hand_over};
use super::*;
use isogloss_core::Concurrency;
use isogloss_core::Lifetime;

#[tokio::test]
async fn no_hand_over_renews_a_login_beyond_its_longest() {
    const LONGEST: Duration = Duration::from_hours(48);
    let f = fixture().await;
    let mut session = f
        .token("ada", Terms::new(Purpose::Access, DAY))
        .await
        .session;
    let end = session.issued_at() + LONGEST;
    let longest = |terms: Terms| Terms {
        max_authentication_age: Some(LONGEST),
        ..terms
    };
    for _ in 0..3 {
        f.clock.advance(DAY / 2);
        let cross = longest(Terms::new(Purpose::Handover, HOUR).derived_from(&session));
        let cross = f.token("ada", cross).await;
        let spent = f
            .auth
            .redeem(&cross.token, Purpose::Handover)
            .await
            .unwrap();
        let access = longest(Terms::new(Purpose::Access, DAY).redeemed_from(&spent));
        session = f.token("ada", access).await.session;
        assert!(session.expires_at() <= end);
    }
    assert_eq!(session.expires_at(), end);
    f.clock.advance(DAY / 2);
    let cross = longest(Terms::new(Purpose::Handover, HOUR).derived_from(&session));
    let refused = f.auth.issue(HERE, &session.user, cross).await;
    assert_eq!(refusal(refused), "the user may not do this");
}

#[tokio::test]
async fn a_life_by_use_ends_with_the_longest_of_the_login() {
    let f = fixture().await;
    let terms = Terms {
        max_authentication_age: Some(HOUR * 2),
        ..Terms::new(
            Purpose::Access,
            Lifetime::Idle {
                span: HOUR,
                at_most: None,
            },
        )
    };
    let issued = f.token("ada", terms).await;
    for _ in 0..3 {
        f.clock.advance(HOUR / 2);
        assert!(f.is_live(&issued.token, Purpose::Access).await);
    }
    f.clock.advance(HOUR / 2);
    assert!(!f.is_live(&issued.token, Purpose::Access).await);
}

#[tokio::test]
async fn an_ancestor_that_is_not_kept_any_more_still_ends_what_came_of_it() {
    let f = fixture().await;
    let login = f.token("ada", Terms::new(Purpose::Access, DAY)).await;
    let second = hand_over(&f, &login.session).await;
    let mut last = hand_over(&f, &second.session).await;
    for _ in 0..12 {
        let next = hand_over(&f, &last.session).await;
        f.auth.revoke_by_digest(last.session.digest).await.unwrap();
        last = next;
    }
    let other = f.token("ada", Terms::new(Purpose::Access, DAY)).await;
    let handle = Some(second.session.digest);
    let filter = SessionFilter {
        handle,
        ..SessionFilter::default()
    };
    assert_eq!(f.auth.end_sessions(&filter).await.unwrap(), 2);
    assert!(!f.is_live(&last.token, Purpose::Access).await);
    assert!(f.is_live(&login.token, Purpose::Access).await);
    assert!(f.is_live(&other.token, Purpose::Access).await);
}

#[tokio::test]
async fn so_many_may_be_remembered_at_one_client() {
    let f = fixture().await;
    let most = NonZeroU32::new(3).unwrap();
    let terms = |application: &str| Terms {
        concurrency: Concurrency::AtMost(most),
        application: Some(application.to_owned()),
        ..at("desk", Purpose::Remember)
    };
    let elsewhere = f.token("ada", terms("other")).await;
    let mut issued = Vec::new();
    for _ in 0..3 {
        issued.push(f.token("ada", terms("app")).await);
        f.clock.advance(HOUR);
    }
    assert!(f.is_live(&issued[0].token, Purpose::Remember).await);
    issued.push(f.token("ada", terms("app")).await);
    let mut live = Vec::new();
    for one in &issued {
        live.push(f.is_live(&one.token, Purpose::Remember).await);
    }
    assert_eq!(live, [true, false, true, true]);
    assert!(f.is_live(&elsewhere.token, Purpose::Remember).await);
}
