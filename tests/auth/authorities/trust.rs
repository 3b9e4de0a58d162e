//! How long the word of an authority counts.

use super::*;

fn trusting(trust: Duration, while_unavailable: Duration) -> AuthoritySettings {
    AuthoritySettings {
        trust,
        trust_while_unavailable: while_unavailable,
        ..settings("corp")
    }
}

#[tokio::test]
async fn within_the_time_of_trust_our_own_hash_is_enough() {
    let corp = with_kim();
    let f = asking(vec![(trusting(HOUR, Duration::ZERO), &corp)]).await;
    f.login("kim", "there").await.unwrap();
    f.login("kim", "there").await.unwrap();
    assert_eq!(corp.asked(), 1);
    corp.fail(CauseKind::Connect);
    assert!(f.login("kim", "there").await.is_ok());
    assert!(is_unavailable(&f.login("kim", "changed").await));
    corp.recover();
    f.clock.advance(HOUR);
    f.login("kim", "there").await.unwrap();
    assert_eq!(corp.asked(), 3);
}

#[tokio::test]
async fn a_password_that_was_changed_there_counts_at_once() {
    let corp = with_kim();
    let f = asking(vec![(trusting(HOUR, Duration::ZERO), &corp)]).await;
    f.login("kim", "there").await.unwrap();
    corp.change("kim", |kim| kim.password = "changed".to_owned());
    assert!(f.login("kim", "changed").await.is_ok());
    assert_eq!(refusal(f.login("kim", "there").await), INVALID);
}

#[tokio::test]
async fn an_authority_that_is_away_is_trusted_for_the_time_that_is_set_and_no_longer() {
    let corp = with_kim();
    let f = asking(vec![(trusting(Duration::ZERO, HOUR), &corp)]).await;
    f.login("kim", "there").await.unwrap();
    f.login("kim", "there").await.unwrap();
    assert_eq!(corp.asked(), 2, "it is asked as long as it answers");
    corp.fail(CauseKind::Timeout);
    assert!(f.login("kim", "there").await.is_ok());
    assert!(is_unavailable(&f.login("kim", "wrong").await));
    f.clock.advance(HOUR);
    assert!(is_unavailable(&f.login("kim", "there").await));
}

#[tokio::test]
async fn a_password_that_was_refused_there_is_trusted_no_more() {
    let corp = with_kim();
    let f = asking(vec![(trusting(Duration::ZERO, HOUR), &corp)]).await;
    f.login("kim", "there").await.unwrap();
    assert!(f.has_hash("kim").await);
    corp.change("kim", |kim| kim.password = "changed".to_owned());
    assert_eq!(refusal(f.login("kim", "there").await), INVALID);
    assert!(!f.has_hash("kim").await);
    corp.fail(CauseKind::Timeout);
    assert!(f.login("kim", "there").await.is_err());
}

#[tokio::test]
async fn without_trust_nothing_of_the_password_is_stored() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.login("kim", "there").await.unwrap();
    f.login("kim", "there").await.unwrap();
    assert!(!f.has_hash("kim").await);
    corp.fail(CauseKind::Timeout);
    assert!(is_unavailable(&f.login("kim", "there").await));
}

#[tokio::test]
async fn a_user_whom_the_authority_removed_or_disabled_does_not_get_in_by_trust_in_an_outage() {
    for instead in [
        None,
        Some(Decision::Disabled(
            isogloss_core::authority::DisabledReason::Disabled,
        )),
    ] {
        let corp = with_kim();
        let f = asking(vec![(trusting(Duration::ZERO, HOUR), &corp)]).await;
        f.login("kim", "there").await.unwrap();
        match instead {
            None => corp.people.lock().unwrap().clear(),
            Some(_) => corp.change("kim", |kim| kim.instead = instead),
        }
        assert!(f.login("kim", "there").await.is_err());
        corp.fail(CauseKind::Timeout);
        assert!(f.login("kim", "there").await.is_err());
    }
}
