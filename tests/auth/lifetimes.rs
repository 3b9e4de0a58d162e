//! What a token gives access to, how long it is valid, and what ends it.

use super::*;
use isogloss_core::Concurrency;
use isogloss_core::Lifetime;
use isogloss_core::UserState;

#[tokio::test]
async fn a_token_opens_its_session_until_it_expires() {
    let f = fixture().await;
    let mut terms = Terms::new(Purpose::Access, HOUR);
    terms.client = Some("tablet".to_owned());
    terms.unit = Some("U1".to_owned());
    let issued = f.token("ada", terms).await;
    assert_eq!(issued.expires_in(), 3599);
    f.clock.advance(Duration::from_millis(3_599_999));
    let session = f
        .auth
        .validate(&issued.token, &[Purpose::Access])
        .await
        .unwrap();
    assert_eq!(session.user.user_name, "ada");
    assert_eq!(session.client(), Some("tablet"));
    assert_eq!(session.unit(), Some("U1"));
    assert_eq!(session.seconds_left(f.auth.now()), 0);
    f.clock.advance(Duration::from_millis(1));
    assert_eq!(
        refusal(f.auth.validate(&issued.token, &[Purpose::Access]).await),
        DEAD
    );
}

#[tokio::test]
async fn a_digest_opens_the_session_only_while_its_token_would() {
    let f = fixture().await;
    let terms = Terms {
        registered_application: Some("Studio".to_owned()),
        ..Terms::new(Purpose::Access, HOUR)
    };
    let digest = f.token("ada", terms.clone()).await.session.digest;
    let session = f.auth.validate_by_digest(digest).await.unwrap();
    assert_eq!(session.user.user_name, "ada");
    assert_eq!(session.registered_application(), Some("Studio"));
    f.clock.advance(HOUR);
    assert_eq!(refusal(f.auth.validate_by_digest(digest).await), DEAD);

    let revoked = f.token("ada", terms.clone()).await.session.digest;
    f.auth.revoke_by_digest(revoked).await.unwrap();
    assert_eq!(refusal(f.auth.validate_by_digest(revoked).await), DEAD);

    let disabled = f.token("stranger", terms).await.session;
    f.directory
        .set_state(disabled.user.id, UserState::Disabled)
        .await
        .unwrap();
    let disabled = disabled.digest;
    assert_eq!(refusal(f.auth.validate_by_digest(disabled).await), DEAD);

    let spent = f.token("ada", Terms::new(Purpose::Handover, HOUR)).await;
    f.auth
        .redeem(&spent.token, Purpose::Handover)
        .await
        .unwrap();
    let spent = spent.session.digest;
    assert_eq!(refusal(f.auth.validate_by_digest(spent).await), DEAD);
    let unknown = [7; 16].into();
    assert_eq!(refusal(f.auth.validate_by_digest(unknown).await), DEAD);
}

#[tokio::test]
async fn realm_and_purpose_must_fit() {
    let f = fixture().await;
    let issued = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let elsewhere = Token::from_hex(THERE, &issued.token.hex()).unwrap();
    assert!(!f.is_live(&elsewhere, Purpose::Access).await);
    assert!(!f.is_live(&issued.token, Purpose::Remember).await);
    assert_eq!(
        refusal(f.auth.redeem(&issued.token, Purpose::Handover).await),
        DEAD
    );
    assert!(f.is_live(&issued.token, Purpose::Access).await);
}

#[tokio::test]
async fn a_revoked_token_stays_dead() {
    let f = fixture().await;
    let issued = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let other = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    f.auth
        .revoke_by_digest(issued.session.digest)
        .await
        .unwrap();
    f.auth
        .revoke_by_digest(issued.session.digest)
        .await
        .unwrap();
    assert!(!f.is_live(&issued.token, Purpose::Access).await);
    assert!(f.is_live(&other.token, Purpose::Access).await);
}

#[tokio::test]
async fn one_of_many_redeems() {
    let f = fixture().await;
    let issued = f.token("ada", Terms::new(Purpose::Handover, HOUR)).await;
    let redeemed = join_all((0..16).map(|_| f.auth.redeem(&issued.token, Purpose::Handover))).await;
    assert_eq!(redeemed.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn what_comes_from_a_revoked_token_is_not_redeemed() {
    let f = fixture().await;
    let parent = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let mut terms = Terms::new(Purpose::Handover, HOUR);
    terms.parent = Some(parent.session.digest);
    let child = f.token("ada", terms).await;
    f.auth
        .revoke_by_digest(parent.session.digest)
        .await
        .unwrap();
    assert_eq!(
        refusal(f.auth.redeem(&child.token, Purpose::Handover).await),
        DEAD
    );
}

#[tokio::test]
async fn one_token_per_client_replaces_the_one_before() {
    let f = fixture().await;
    let terms = |client: &str| Terms {
        client: Some(client.to_owned()),
        concurrency: Concurrency::OnePerClient,
        ..Terms::new(Purpose::Remember, HOUR)
    };
    let first = f.token("ada", terms("tablet")).await;
    let elsewhere = f.token("ada", terms("phone")).await;
    let other_user = f.token("admin", terms("tablet")).await;
    let second = f.token("ada", terms("tablet")).await;
    assert!(!f.is_live(&first.token, Purpose::Remember).await);
    for live in [elsewhere, other_user, second] {
        assert!(f.is_live(&live.token, Purpose::Remember).await);
    }
}

#[tokio::test]
async fn a_new_password_or_a_disabling_ends_every_token() {
    let f = fixture().await;
    for purpose in [Purpose::Access, Purpose::Remember, Purpose::Handover] {
        let issued = f.token("ada", Terms::new(purpose, HOUR)).await;
        let id = issued.session.user.id;
        f.directory
            .set_state(id, UserState::Disabled)
            .await
            .unwrap();
        assert!(!f.is_live(&issued.token, purpose).await);
        f.directory.set_state(id, UserState::Active).await.unwrap();
        assert!(!f.is_live(&issued.token, purpose).await);
    }
}

/// A login that was in flight when the password changed must not outlive the change.
#[tokio::test]
async fn a_token_of_an_overtaken_login_is_dead_at_birth() {
    let f = fixture().await;
    let user = f.user("ada").await;
    f.directory
        .set_password(user.id, "$2b$04$changed")
        .await
        .unwrap();
    let issued = f
        .auth
        .issue(HERE, &user, Terms::new(Purpose::Access, HOUR))
        .await
        .unwrap();
    assert!(!f.is_live(&issued.token, Purpose::Access).await);
}

#[tokio::test]
async fn an_idle_token_lives_by_its_use() {
    let f = fixture().await;
    let terms = Terms::new(
        Purpose::Access,
        Lifetime::Idle {
            span: HOUR,
            at_most: None,
        },
    );
    let used = f.token("ada", terms.clone()).await;
    let unused = f.token("ada", terms).await;
    for _ in 0..3 {
        f.clock.advance(HOUR / 2);
        assert!(f.is_live(&used.token, Purpose::Access).await);
    }
    // A validation for another purpose does not count as a use.
    assert!(!f.is_live(&used.token, Purpose::Remember).await);
    assert!(!f.is_live(&unused.token, Purpose::Access).await);
    f.clock.advance(HOUR);
    assert!(!f.is_live(&used.token, Purpose::Access).await);
}

#[tokio::test]
async fn a_token_is_handed_out_again_while_it_is_fresh_enough() {
    let f = fixture().await;
    let terms = Terms {
        concurrency: Concurrency::Reuse { at_least: HOUR },
        ..Terms::new(Purpose::Access, HOUR * 24)
    };
    let first = f.token("ada", terms.clone()).await;
    f.clock.advance(HOUR * 23);
    let second = f.token("ada", terms.clone()).await;
    assert_eq!(second.token.hex(), first.token.hex());
    assert_eq!(second.session.expires_at(), first.session.expires_at());
    assert_eq!(second.expires_in(), 3599);
    f.clock.advance(Duration::from_millis(1));
    let third = f.token("ada", terms.clone()).await;
    assert_ne!(third.token.hex(), first.token.hex());
    for live in [&first, &third] {
        assert!(f.is_live(&live.token, Purpose::Access).await);
    }
    f.auth.revoke_by_digest(third.session.digest).await.unwrap();
    let fourth = f.token("ada", terms.clone()).await;
    assert_ne!(fourth.token.hex(), third.token.hex());
    let id = fourth.session.user.id;
    f.directory
        .set_password(id, &bcrypt::hash("ada-pw", 4).unwrap())
        .await
        .unwrap();
    assert_ne!(f.token("ada", terms).await.token.hex(), fourth.token.hex());
}

#[tokio::test]
async fn no_use_moves_an_end_beyond_the_absolute_one() {
    let f = fixture().await;
    let lifetime = Lifetime::Idle {
        span: HOUR,
        at_most: Some(HOUR * 2),
    };
    let issued = f.token("ada", Terms::new(Purpose::Access, lifetime)).await;
    assert_eq!(issued.expires_in(), 3599);
    for _ in 0..3 {
        f.clock.advance(HOUR / 2);
        assert!(f.is_live(&issued.token, Purpose::Access).await);
    }
    f.clock.advance(Duration::from_millis(1_799_999));
    let session = f.auth.validate(&issued.token, &[Purpose::Access]).await;
    assert_eq!(session.unwrap().seconds_left(f.auth.now()), 0);
    f.clock.advance(Duration::from_millis(1));
    assert!(!f.is_live(&issued.token, Purpose::Access).await);
}

#[tokio::test]
async fn a_life_beyond_the_end_of_time_is_a_long_one() {
    let f = fixture().await;
    for lifetime in [
        Lifetime::Absolute(Duration::MAX),
        Lifetime::Idle {
            span: Duration::MAX,
            at_most: Some(Duration::MAX),
        },
    ] {
        let issued = f.token("ada", Terms::new(Purpose::Access, lifetime)).await;
        f.clock.advance(HOUR);
        assert!(f.is_live(&issued.token, Purpose::Access).await);
    }
}
