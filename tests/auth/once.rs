//! The second use of a one-time token.

use super::*;

async fn handover(f: &Fixture) -> IssuedToken {
    f.token("ada", Terms::new(Purpose::Handover, HOUR)).await
}

async fn exchange(f: &Fixture, token: &Token) -> Result<IssuedToken, AuthError> {
    let spent = f.auth.redeem(token, Purpose::Handover).await?;
    let terms = Terms {
        redeemed: Some(spent.digest),
        ..Terms::new(Purpose::Access, HOUR)
    };
    f.auth.issue(HERE, &spent.user, terms).await
}

#[tokio::test]
async fn ends_the_session_that_the_first_made() {
    let f = fixture().await;
    let once = handover(&f).await;
    let made = exchange(&f, &once.token).await.unwrap();
    let other = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    assert!(f.is_live(&made.token, Purpose::Access).await);
    for _ in 0..2 {
        assert_eq!(refusal(exchange(&f, &once.token).await), DEAD);
        assert!(!f.is_live(&made.token, Purpose::Access).await);
    }
    assert!(f.is_live(&other.token, Purpose::Access).await);
}

#[tokio::test]
async fn ends_what_was_handed_over_from_that_session_too() {
    let f = fixture().await;
    let once = handover(&f).await;
    let made = exchange(&f, &once.token).await.unwrap();
    let further = derived::hand_over(&f, &made.session).await;
    assert!(f.is_live(&further.token, Purpose::Access).await);
    assert_eq!(refusal(exchange(&f, &once.token).await), DEAD);
    assert!(!f.is_live(&made.token, Purpose::Access).await);
    assert!(!f.is_live(&further.token, Purpose::Access).await);
}

#[tokio::test]
async fn ends_it_also_when_it_comes_before_the_session_is_made() {
    let f = fixture().await;
    let once = handover(&f).await;
    let spent = f.auth.redeem(&once.token, Purpose::Handover).await.unwrap();
    assert_eq!(
        refusal(f.auth.redeem(&once.token, Purpose::Handover).await),
        DEAD
    );
    let terms = Terms {
        redeemed: Some(spent.digest),
        ..Terms::new(Purpose::Access, HOUR)
    };
    let made = f.auth.issue(HERE, &spent.user, terms).await.unwrap();
    assert!(!f.is_live(&made.token, Purpose::Access).await);
}

#[tokio::test]
async fn with_another_purpose_is_no_use() {
    let f = fixture().await;
    let once = handover(&f).await;
    let made = exchange(&f, &once.token).await.unwrap();
    assert!(!f.is_live(&once.token, Purpose::Access).await);
    assert!(f.is_live(&made.token, Purpose::Access).await);
}

#[tokio::test]
async fn is_forgotten_with_the_token() {
    let f = fixture().await;
    let once = handover(&f).await;
    exchange(&f, &once.token).await.unwrap();
    assert!(f.tokens.get(once.session.digest).await.unwrap().is_some());
    f.tokens.sweep(f.auth.now() + HOUR).await.unwrap();
    assert_eq!(f.tokens.get(once.session.digest).await.unwrap(), None);
}

#[tokio::test]
async fn only_refuses_unless_set() {
    let f = fixture().await;
    let lenient = Auth::new(AuthComponents {
        directory: f.directory.clone(),
        tokens: f.tokens.clone(),
        passwords: passwords(),
        peppers: pepper("0123456789abcdef").into(),
        second_use: SecondUse::Refuse,
        throttle: None,
        authorities: Authorities::default(),
        audit: Audit::default(),
        clock: f.clock.clone(),
    });
    let f = Fixture { auth: lenient, ..f };
    let once = handover(&f).await;
    let made = exchange(&f, &once.token).await.unwrap();
    assert_eq!(refusal(exchange(&f, &once.token).await), DEAD);
    assert!(f.is_live(&made.token, Purpose::Access).await);
}
