//! How many passwords reach an authority, and how many logins wait for it.

use std::net::IpAddr;

use isogloss_core::Clock as _;
use isogloss_core::throttle::{BucketKind, BucketList, ClientIp};
use isogloss_store_contract::throttle::lists::listed;
use isogloss_store_redis::{RedisSettings, RedisStore};

use super::*;
use crate::redis_server::RedisServer;

#[tokio::test]
async fn three_wrong_passwords_of_a_user_are_passed_on_and_then_one_in_a_quarter_of_an_hour() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.login("kim", "there").await.unwrap();
    let start = corp.asked();
    for attempt in 0..3 {
        assert_eq!(
            refusal(f.login("kim", &format!("wrong {attempt}")).await),
            INVALID
        );
    }
    for attempt in 3..100 {
        let outcome = f.login("kim", &format!("wrong {attempt}")).await;
        assert!(
            matches!(outcome, Err(AuthError::Throttled { .. })),
            "{outcome:?}"
        );
    }
    assert_eq!(corp.asked(), start + 3);
    for quarter in 1..5 {
        f.clock.advance(QUARTER);
        for attempt in 0..10 {
            let _ = f.login("kim", &format!("{quarter} {attempt}")).await;
        }
        assert_eq!(corp.asked(), start + 3 + quarter);
    }
}

/// Otherwise the third or fourth login of the same pair would tell that the account exists and is disabled.
#[tokio::test]
async fn a_disabled_user_whose_password_is_not_judged_is_limited_like_a_wrong_password() {
    let unjudged = Decision::DisabledUnjudged(isogloss_core::authority::DisabledReason::Disabled);
    for decision in [Decision::Rejected, unjudged] {
        let corp = with_kim();
        let f = asking(vec![(settings("corp"), &corp)]).await;
        *corp.fault.lock().unwrap() = Some(decision);
        for _ in 0..10 {
            assert_eq!(refusal(f.login("kim", "the same").await), INVALID);
        }
        assert_eq!(corp.asked(), 1);
        for attempt in 0..10 {
            let _ = f.login("kim", &format!("another {attempt}")).await;
        }
        assert_eq!(corp.asked(), 3);
    }
}

#[tokio::test]
async fn of_ten_thousand_wrong_passwords_from_everywhere_four_a_quarter_of_an_hour_arrive() {
    const WRONG: u32 = 10_000;
    let corp = Scripted::new().with(
        "kim",
        Identity {
            email: Some("kim@example.com".to_owned()),
            ..identity("id-kim", "kim")
        },
    );
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.login("kim", "there").await.unwrap();
    let mut arrived = Vec::new();
    let mut before = corp.asked();
    for attempt in 0..WRONG {
        let network = IpAddr::from([10, 0, (attempt % 200) as u8, 1]);
        let name = ["kim", "kim@example.com"][attempt as usize % 2];
        let login = Credentials {
            origin: LoginOrigin::new(HERE, Some(ClientIp::from(network))),
            ..credentials(name, &format!("wrong {attempt}"))
        };
        assert!(f.auth.login(login).await.is_err());
        if corp.asked() > before {
            before = corp.asked();
            arrived.push(f.clock.now());
        }
        f.clock.advance(QUARTER * 8 / WRONG);
    }
    assert_eq!(corp.asked(), 1 + arrived.len());
    for five in arrived.windows(5) {
        assert!(five[4] - five[0] > QUARTER, "{five:?}");
    }
    assert!(arrived.len() > 8, "{}", arrived.len());
}

#[tokio::test]
async fn all_names_of_a_user_who_is_known_here_count_together() {
    let corp = Scripted::new().with(
        "kim",
        Identity {
            email: Some("kim@example.com".to_owned()),
            ..identity("id-kim", "kim")
        },
    );
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.login("kim", "there").await.unwrap();
    for attempt in 0..10 {
        let name = ["kim", "kim@example.com", " KIM "][attempt % 3];
        let _ = f.login(name, &format!("wrong {attempt}")).await;
    }
    assert_eq!(corp.asked(), 1 + 3);
}

#[tokio::test]
async fn unknown_names_are_counted_like_known_ones() {
    let corp = Scripted::new();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    for attempt in 0..10 {
        let _ = f.login("nobody", &format!("wrong {attempt}")).await;
    }
    assert_eq!(corp.asked(), 3);
}

#[tokio::test]
async fn a_wrong_password_that_is_repeated_is_not_passed_on_again() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    for _ in 0..100 {
        assert_eq!(refusal(f.login("kim", "wrong").await), INVALID);
    }
    assert_eq!(corp.asked(), 1);
    assert!(f.login("kim", "there").await.is_ok());
}

#[tokio::test]
async fn a_right_password_gives_all_attempts_back() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.login("kim", "there").await.unwrap();
    for round in 0..5 {
        for attempt in 0..2 {
            let wrong = f.login("kim", &format!("{round} {attempt}")).await;
            assert_eq!(refusal(wrong), INVALID);
        }
        f.login("kim", "there").await.unwrap();
    }
}

#[tokio::test]
async fn what_was_not_judged_does_not_count() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    corp.fail(CauseKind::Ambiguous);
    for attempt in 0..10 {
        assert!(is_unavailable(
            &f.login("kim", &format!("wrong {attempt}")).await
        ));
    }
    corp.recover();
    assert!(f.login("kim", "there").await.is_ok());
}

/// An authority may take all of them for one user, and lock that user.
#[tokio::test]
async fn all_spellings_of_an_unknown_name_count_together_and_each_is_judged() {
    let corp = with_kim();
    for alias in ["kim@example.com", "EXAMPLE\\kim"] {
        corp.change(alias, |kim| kim.identity = identity("id-kim", "kim"));
    }
    let f = asking(vec![(settings("corp"), &corp)]).await;
    let spellings = ["kim", "kim@example.com", "EXAMPLE\\kim", "Kim@example.org"];
    for attempt in 0..12 {
        let _ = f
            .login(spellings[attempt % 4], &format!("wrong {attempt}"))
            .await;
    }
    assert_eq!(corp.asked(), 3);
    f.clock.advance(QUARTER * 4);
    // The same wrong password of another spelling may be the right one of another user.
    for spelling in &spellings[..2] {
        assert_eq!(refusal(f.login(spelling, "the same").await), INVALID);
    }
    assert_eq!(corp.asked(), 5);
    f.login("EXAMPLE\\kim", "there").await.unwrap();
    for attempt in 0..12 {
        let _ = f.login("kim", &format!("more {attempt}")).await;
    }
    assert_eq!(corp.asked(), 6 + 3);
}

#[tokio::test]
async fn wrong_passwords_that_are_passed_on_are_listed_from_redis() {
    let server = RedisServer::start();
    let store = RedisStore::new(&RedisSettings::at(server.url()), CAPS).unwrap();
    let throttle: Arc<dyn Throttle> = Arc::new(store.throttle());
    let corp = with_kim();
    let asked = vec![(settings("corp"), &corp)];
    let f = asking_and_counting(asked, &throttle, Audit::default()).await;
    assert!(f.login("kim", "there").await.is_ok());
    let listed = async || listed(throttle.as_ref(), &[BucketList::All], 9, f.auth.now()).await;
    assert_eq!(listed().await, []);
    assert!(f.login("kim", "wrong").await.is_err());
    let listed = listed().await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].bucket.kind, BucketKind::Authority);
}

/// Returns an authority with the users `kim0` to `kim63`.
fn with_many() -> Arc<Scripted> {
    let corp = Scripted::new();
    for number in 0..64 {
        let name = format!("kim{number}");
        corp.change(&name, |kim| kim.identity = identity(&name, &name));
    }
    corp
}

#[tokio::test]
async fn no_more_logins_than_permitted_ask_at_once() {
    let corp = with_many();
    let narrow = AuthoritySettings {
        concurrency: 2,
        timeout: Duration::from_millis(300),
        ..settings("corp")
    };
    let f = asking(vec![(narrow, &corp)]).await;
    corp.gate.forget_permits(1_000_000);
    let names: Vec<_> = (0..8).map(|number| format!("kim{number}")).collect();
    let logins = join_all(names.iter().map(|name| f.login(name, "there"))).await;
    assert!(logins.iter().all(is_unavailable));
    assert_eq!(corp.asked(), 2);
    corp.gate.add_permits(1000);
    assert!(f.login("kim9", "there").await.is_ok());
}

#[tokio::test]
async fn clients_of_one_user_that_log_in_together_do_not_lock_one_another_out() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    for login in join_all((0..6).map(|_| f.login("kim", "there"))).await {
        assert!(login.is_ok(), "{login:?}");
    }
    let names: Vec<_> = (0..6).map(|number| format!("wrong {number}")).collect();
    let before = corp.asked();
    join_all(names.iter().map(|wrong| f.login("kim", wrong))).await;
    assert_eq!(corp.asked(), before + 3);
}

/// The queue of hashing has room for no more logins than wait for the authority.
#[tokio::test]
async fn logins_that_wait_for_an_authority_keep_nobody_else_waiting() {
    let corp = with_many();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    corp.gate.forget_permits(1_000_000);
    let waiting = (0..64).map(|number| {
        let auth = f.auth.clone();
        let name = format!("kim{number}");
        tokio::spawn(async move { auth.login(credentials(&name, "there")).await })
    });
    let waiting: Vec<_> = waiting.collect();
    while corp.asked() < 16 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // Until all their passwords are hashed, the queue may be full.
    while let Err(error) = f.login("ada", "ada-pw").await {
        assert!(matches!(error, AuthError::Overloaded { .. }), "{error}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for _ in 0..64 {
        let login = f.login("ada", "ada-pw").await;
        assert!(login.is_ok(), "{login:?}");
    }
    assert!(waiting.iter().filter(|login| login.is_finished()).count() < 48);
    corp.gate.add_permits(1000);
    for login in waiting {
        let login = login.await.unwrap();
        assert!(
            matches!(login, Ok(_) | Err(AuthError::Overloaded { .. })),
            "{login:?}"
        );
    }
}
