//! Authorities that do not answer as they should: never "wrong password", never a yes.

use super::*;
use isogloss_core::authority::DisabledReason;

const EVERY_CAUSE: [CauseKind; 9] = [
    CauseKind::Connect,
    CauseKind::Tls,
    CauseKind::Timeout,
    CauseKind::Closed,
    CauseKind::Response,
    CauseKind::Refused,
    CauseKind::Configuration,
    CauseKind::Ambiguous,
    CauseKind::NotLinked,
];

#[tokio::test]
async fn whatever_fails_is_unavailable() {
    for kind in EVERY_CAUSE {
        for known in [false, true] {
            for settings in [settings("corp"), adopting("corp")] {
                let corp = with_kim();
                let f = asking(vec![(settings, &corp)]).await;
                if known {
                    f.import("kim", "authority = 'corp', external_id = 'id-kim'")
                        .await;
                }
                corp.fail(kind);
                let outcome = f.login("kim", "there").await;
                assert!(is_unavailable(&outcome), "{kind:?}: {outcome:?}");
                corp.recover();
                assert!(f.login("kim", "there").await.is_ok(), "{kind:?}");
            }
        }
    }
}

#[tokio::test]
async fn every_other_decision_has_its_own_error() {
    for (decision, error) in [
        (Decision::UnknownUser, INVALID),
        (Decision::Rejected, INVALID),
        (
            Decision::DisabledUnjudged(DisabledReason::Disabled),
            INVALID,
        ),
        (
            Decision::Disabled(DisabledReason::Disabled),
            "the account is disabled",
        ),
        (
            Decision::Disabled(DisabledReason::PasswordExpired),
            "the account is disabled",
        ),
        (
            Decision::SecondFactorRequired,
            "the second factor is missing or wrong",
        ),
        (
            Decision::Throttled { retry_after: None },
            "too many wrong tries, retry in 60 s",
        ),
        (
            Decision::Throttled {
                retry_after: Some(Duration::from_secs(7)),
            },
            "too many wrong tries, retry in 7 s",
        ),
    ] {
        let corp = with_kim();
        let f = asking(vec![(settings("corp"), &corp)]).await;
        *corp.fault.lock().unwrap() = Some(decision);
        assert_eq!(refusal(f.login("kim", "there").await), error);
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_unavailable_after_the_time_out() {
    let corp = with_kim();
    let quick = AuthoritySettings {
        timeout: Duration::from_millis(50),
        ..settings("corp")
    };
    let f = asking(vec![(quick, &corp)]).await;
    corp.gate.forget_permits(1_000_000);
    assert!(is_unavailable(&f.login("kim", "there").await));
    corp.gate.add_permits(1);
    assert!(f.login("kim", "there").await.is_ok());
}

#[tokio::test]
async fn an_authority_that_fails_again_and_again_is_left_alone_for_a_moment() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    corp.fail(CauseKind::Connect);
    for _ in 0..50 {
        assert!(is_unavailable(&f.login("kim", "there").await));
    }
    assert!(corp.asked() < 10, "{}", corp.asked());
    let status = f.auth.authorities().status();
    assert_eq!(status[0].name, "corp");
    assert!(!status[0].health.is_available);
    corp.recover();
    while f.login("kim", "there").await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(f.auth.authorities().status()[0].health.is_available);
}

#[tokio::test]
async fn without_the_authority_of_a_user_in_the_configuration_the_user_is_unavailable() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.import(
        "lou",
        "authority = 'gone', external_id = 'id-lou', password = 'lou-pw'",
    )
    .await;
    assert!(is_unavailable(&f.login("lou", "lou-pw").await));
    assert_eq!(corp.asked(), 0);
}
