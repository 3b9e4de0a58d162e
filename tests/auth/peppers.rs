//! Rotation of the pepper.

use super::*;
use isogloss_core::Concurrency;
use isogloss_core::Peppers;

/// Returns an `Auth` on the same stores with other peppers.
pub(super) fn under(f: &Fixture, current: &str, previous: Option<&str>) -> Auth {
    Auth::new(AuthComponents {
        directory: f.directory.clone(),
        tokens: f.tokens.clone(),
        passwords: passwords(),
        peppers: Peppers {
            current: pepper(current),
            previous: previous.map(pepper),
        },
        second_use: SecondUse::Refuse,
        throttle: None,
        authorities: Authorities::default(),
        audit: Audit::default(),
        clock: f.clock.clone(),
    })
}

pub(super) const OLD: &str = "0123456789abcdef";
pub(super) const NEW: &str = "fedcba9876543210";

#[tokio::test]
async fn tokens_of_the_one_before_are_good_until_it_goes() {
    let f = fixture().await;
    let old = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let rotated = under(&f, NEW, Some(OLD));
    let access = [Purpose::Access];
    rotated.validate(&old.token, &access).await.unwrap();
    let user = f.user("ada").await;
    let new = rotated
        .issue(HERE, &user, Terms::new(Purpose::Access, HOUR))
        .await
        .unwrap();

    // A gateway that does not have the new pepper yet rejects new tokens. A gateway without the old pepper rejects
    // old tokens.
    assert_eq!(refusal(f.auth.validate(&new.token, &access).await), DEAD);
    let done = under(&f, NEW, None);
    done.validate(&new.token, &access).await.unwrap();
    assert_eq!(refusal(done.validate(&old.token, &access).await), DEAD);

    rotated.revoke_by_digest(old.session.digest).await.unwrap();
    assert_eq!(refusal(rotated.validate(&old.token, &access).await), DEAD);
}

#[tokio::test]
async fn a_gateway_may_learn_the_next_one_first() {
    let f = fixture().await;
    let rotated = under(&f, NEW, Some(OLD));
    let not_yet = under(&f, OLD, Some(NEW));
    let user = f.user("ada").await;
    for (issuer, reader) in [(&rotated, &not_yet), (&not_yet, &rotated)] {
        let issued = issuer
            .issue(HERE, &user, Terms::new(Purpose::Access, HOUR))
            .await
            .unwrap();
        let session = reader.validate(&issued.token, &[Purpose::Access]).await;
        assert_eq!(session.unwrap().user.user_name, "ada");
    }
}

#[tokio::test]
async fn one_token_per_client_stays_one() {
    let f = fixture().await;
    let terms = Terms {
        client: Some("tablet".to_owned()),
        concurrency: Concurrency::OnePerClient,
        ..Terms::new(Purpose::Remember, HOUR)
    };
    let before = f.token("ada", terms.clone()).await;
    let rotated = under(&f, NEW, Some(OLD));
    let user = f.user("ada").await;
    rotated.issue(HERE, &user, terms).await.unwrap();
    let outcome = rotated.validate(&before.token, &[Purpose::Remember]).await;
    assert_eq!(refusal(outcome), DEAD);
}

#[tokio::test]
async fn a_token_is_handed_out_again_across_it() {
    let f = fixture().await;
    let terms = Terms {
        concurrency: Concurrency::Reuse { at_least: HOUR },
        ..Terms::new(Purpose::Access, HOUR * 24)
    };
    let before = f.token("ada", terms.clone()).await;
    let rotated = under(&f, NEW, Some(OLD));
    let user = f.user("ada").await;
    let after = rotated.issue(HERE, &user, terms).await.unwrap();
    assert_eq!(after.token.hex(), before.token.hex());
}
