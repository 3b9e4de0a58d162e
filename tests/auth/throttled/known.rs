//! Which clients count as known: the client name that a client sends is no proof.

use isogloss_core::{Actor, Lifetime};
use isogloss_store_redis::{RedisSettings, RedisStore};

use super::*;

fn with(token: &Token, origin: LoginOrigin) -> LoginOrigin {
    LoginOrigin {
        device_tokens: vec![token.clone()],
        ..origin
    }
}

fn remembering() -> Terms {
    Terms::new(Purpose::Remember, HOUR)
}

#[tokio::test]
async fn what_a_client_calls_itself_gains_it_no_try() {
    let f = limited().await;
    for name in ["ada", "admin", "guarded"] {
        let tablet = origin("203.0.113.1", Some("tablet"));
        f.try_from(tablet, name, &format!("{name}-pw")).await;
    }
    let mut looked_at = 0;
    for number in 0..100 {
        let name = ["ada", "admin", "guarded", "nobody"][number % 4];
        let guesser = origin(HOME, Some("tablet"));
        looked_at += usize::from(f.try_from(guesser, name, "x").await == Wrong);
    }
    assert_eq!(looked_at, 12);
}

#[tokio::test]
async fn a_spent_source_learns_nothing_of_names_and_clients() {
    let f = limited().await;
    for client in [None, Some("tablet")] {
        let tried = f.try_from(origin(HOME, client), "ada", "ada-pw").await;
        assert_eq!(tried, In);
    }
    for number in 0..12 {
        let name = format!("user-{number}");
        assert_eq!(f.try_from(origin(HOME, None), &name, "x").await, Wrong);
    }
    for name in ["ada", "admin", "retired", "nobody"] {
        for client in [None, Some("tablet"), Some("another")] {
            for password in ["x", "ada-pw", "admin-pw"] {
                let tried = f.try_from(origin(HOME, client), name, password).await;
                assert_eq!(tried, Throttled(1), "{name}, {client:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_stranger_elsewhere_locks_nobody_out_of_a_known_address() {
    let f = limited().await;
    assert_eq!(f.try_from(origin(HOME, None), "ada", "ada-pw").await, In);
    for number in 0..40 {
        // Also from a neighbouring address in the same network.
        let address = format!("192.0.2.{}", number + 2);
        f.wrong_tries(&origin(&address, Some("tablet")), "ada")
            .await;
        f.wrong_tries(&origin(&format!("203.0.{number}.1"), None), "ada")
            .await;
    }
    assert_eq!(f.try_from(origin(HOME, None), "ada", "ada-pw").await, In);
}

#[tokio::test]
async fn a_live_token_of_the_user_passes_the_locks_of_others_at_its_address() {
    let f = limited().await;
    let access = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let remember = f.token("ada", remembering()).await;
    f.wrong_tries(&origin(HOME, None), "ada").await;
    f.wrong_tries(&origin(HOME, None), "nobody").await;
    f.wrong_tries(&origin(HOME, None), "admin").await;
    let home = || origin(HOME, None);
    assert_eq!(f.try_from(home(), "ada", "ada-pw").await, Throttled(1));
    for token in [&access.token, &remember.token] {
        let tried = f.try_from(with(token, home()), "ADA", "ada-pw").await;
        assert_eq!(tried, In);
        // The token is a proof for its own user only.
        for name in ["admin", "nobody"] {
            let tried = f.try_from(with(token, home()), name, "admin-pw").await;
            assert_eq!(tried, Throttled(1));
        }
    }
    // The token has a budget of its own, and it can be used up.
    let proven = with(&access.token, home());
    assert_eq!(f.wrong_tries(&proven, "ada").await, 7);
    let elsewhere = with(&access.token, origin(ELSEWHERE, None));
    assert_eq!(f.try_from(elsewhere, "ada", "ada-pw").await, Throttled(1));
}

#[tokio::test]
async fn guesses_with_a_stolen_token_lock_no_client_with_a_token_of_another_login() {
    let f = limited().await;
    let stolen = f.token("ada", remembering()).await;
    let own = f.token("ada", remembering()).await;
    let derived = Terms::new(Purpose::Access, HOUR).derived_from(&stolen.session);
    let derived = f.token("ada", derived).await;
    let thief = with(&stolen.token, origin(ELSEWHERE, None));
    assert_eq!(f.wrong_tries(&thief, "ada").await, 7);
    // Tokens that are derived from it get no further attempts.
    let thief = with(&derived.token, origin("203.0.113.1", None));
    assert_eq!(f.try_from(thief, "ada", "ada-pw").await, Throttled(1));
    let home = with(&own.token, origin(HOME, None));
    assert_eq!(f.try_from(home, "ada", "ada-pw").await, In);
}

#[tokio::test]
async fn guesses_with_a_token_are_counted_against_their_source() {
    let f = limited().await;
    let token = f.token("ada", remembering()).await.token;
    assert_eq!(
        f.wrong_tries(&with(&token, origin(HOME, None)), "ada")
            .await,
        7
    );
    assert_eq!(f.wrong_tries(&origin(HOME, None), "admin").await, 5);
}

#[tokio::test]
async fn a_token_that_is_not_live_or_not_the_users_own_proves_nothing() {
    let f = limited().await;
    let ended = f.token("ada", remembering()).await;
    f.auth.revoke_by_digest(ended.session.digest).await.unwrap();
    let ended = ended.token;
    let reset = f.token("ada", Terms::new(Purpose::Reset, HOUR)).await.token;
    let handover = f.token("ada", Terms::new(Purpose::Handover, HOUR)).await;
    let short = f.token("ada", Terms::new(Purpose::Access, MINUTE)).await;
    let admin = f.user("admin").await;
    let acting = Terms {
        actor: Some(Actor {
            id: admin.id,
            generation: Some(admin.generation),
        }),
        ..Terms::new(Purpose::Access, HOUR)
    };
    let acting = f.token("ada", acting).await.token;
    let unknown = Token::from_hex(HERE, "00112233445566778899aabbccddeeff").unwrap();
    f.clock.advance(MINUTE);
    f.wrong_tries(&origin(HOME, None), "ada").await;
    let none = [ended, reset, handover.token, short.token, acting, unknown];
    for token in none {
        let tried = f.try_from(with(&token, origin(HOME, None)), "ada", "ada-pw");
        assert_eq!(tried.await, Throttled(1), "{token:?}");
    }
}

#[tokio::test]
async fn a_proof_keeps_no_session_alive() {
    let f = limited().await;
    let idle = Lifetime::Idle {
        span: HOUR,
        at_most: None,
    };
    let token = f
        .token("ada", Terms::new(Purpose::Access, idle))
        .await
        .token;
    f.clock.advance(MINUTE * 50);
    let proven = with(&token, origin(HOME, None));
    assert_eq!(f.try_from(proven, "ada", "x").await, Wrong);
    f.clock.advance(MINUTE * 20);
    assert!(!f.is_live(&token, Purpose::Access).await);
}

#[tokio::test]
async fn a_proof_that_cannot_be_looked_up_is_unavailable_and_nothing_is_tried() {
    let f = limited().await;
    let token = f.token("ada", remembering()).await.token;
    let mut nowhere = RedisSettings::at("redis://127.0.0.1:1");
    nowhere.timeout = Duration::from_secs(1);
    let away = RedisStore::new(&nowhere, CAPS).unwrap();
    let throttle = Arc::new(MemoryThrottle::default());
    let auth = Auth::new(AuthComponents {
        directory: f.directory.clone(),
        tokens: Arc::new(away),
        passwords: passwords(),
        peppers: pepper("0123456789abcdef").into(),
        second_use: SecondUse::EndSession,
        throttle: Some(LoginThrottle::new(throttle, LIMITS)),
        authorities: Authorities::default(),
        audit: Audit::default(),
        clock: f.clock.clone(),
    });
    for password in ["x", "ada-pw"] {
        let credentials = Credentials {
            origin: with(&token, origin(HOME, None)),
            ..credentials("ada", password)
        };
        let outcome = auth.login(credentials).await;
        assert!(
            matches!(outcome, Err(AuthError::Unavailable(_))),
            "{outcome:?}"
        );
    }
    let strained = counted(&auth, ThrottleFilter::default()).await;
    assert_eq!(strained, []);
}
