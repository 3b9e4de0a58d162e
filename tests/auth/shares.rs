//! The share of the hashing queue that one account may occupy, and that other accounts still log in.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::oneshot;

use super::*;
use isogloss_core::PasswordError;
use isogloss_core::StoreError;
use isogloss_core::throttle::{BucketKind, ClientIp, MemoryThrottle};

/// Places for checks: two threads with four lanes each, and a queue of 64.
const PLACES: usize = 72;
const OF_ACCOUNT: usize = PLACES * 12 / 100;
const OF_SOURCE: usize = PLACES / 2;

type Attempt<'f> = Pin<Box<dyn Future<Output = Result<User, AuthError>> + 'f>>;

fn from(address: &str) -> LoginOrigin {
    let address: std::net::IpAddr = address.parse().unwrap();
    LoginOrigin::new(HERE, Some(ClientIp::from(address)))
}

fn of_core(error: PasswordError) -> AuthError {
    match error {
        PasswordError::Auth(error) => error,
        error @ PasswordError::Invalid(_) => StoreError::new("password hashing", error).into(),
    }
}

impl Fixture {
    fn attempt(&self, name: &str, password: &str, origin: LoginOrigin) -> Attempt<'_> {
        let credentials = Credentials {
            origin,
            ..credentials(name, password)
        };
        Box::pin(self.auth.login(credentials))
    }

    fn pass_code_attempt(&self, pass_code: &str, origin: LoginOrigin) -> Attempt<'_> {
        let card = AccessCard::Identifier {
            identifier: "card".to_owned(),
            pass_code: pass_code.into(),
        };
        Box::pin(async move {
            let acme = OrganisationName::Exact("ACME".to_owned());
            self.auth.login_by_card(card, &acme, &origin).await
        })
    }

    /// Occupies all hashing threads while the attempts arrive; `other` arrives last and must succeed. Returns how
    /// many attempts were refused at once as overloaded, and the outcomes of the rest: the user name, or the
    /// error.
    async fn storm<'f>(
        &'f self,
        attempts: Vec<Attempt<'f>>,
        other: Option<Attempt<'f>>,
    ) -> (usize, Vec<String>) {
        let passwords = &self.passwords;
        let mut gates = Vec::new();
        let mut holding = Vec::new();
        for _ in 0..2 {
            let (open, gate) = mpsc::channel::<()>();
            let (held, is_held) = oneshot::channel();
            let passwords = passwords.clone();
            let wait = move || {
                held.send(()).unwrap();
                gate.recv().unwrap_err();
            };
            holding.push(tokio::spawn(async move { passwords.run(wait).await }));
            is_held.await.unwrap();
            gates.push(open);
        }
        let all = attempts.len();
        let mut attempts: FuturesUnordered<_> = attempts.into_iter().collect();
        let mut refused = 0;
        while refused + passwords.waiting() < all {
            tokio::select! {
                biased;
                Some(outcome) = attempts.next() => {
                    assert!(matches!(outcome, Err(AuthError::Overloaded { .. })), "{outcome:?}");
                    refused += 1;
                }
                () = tokio::task::yield_now() => {}
            }
        }
        let other = async {
            if let Some(other) = other {
                other.await.unwrap();
            }
        };
        let open = async { drop(gates) };
        let rest = attempts.map(|outcome| match outcome {
            Ok(user) => user.user_name,
            Err(error) => error.to_string(),
        });
        let ((), rest, ()) = tokio::join!(other, rest.collect::<Vec<_>>(), open);
        for hold in holding {
            hold.await.unwrap().unwrap();
        }
        (refused, rest)
    }
}

#[tokio::test]
async fn one_account_holds_its_share_of_the_queue_and_others_log_in() {
    let f = fixture().await;
    for (name, password, answer) in [
        ("ada", "ada-pw", "ada"),
        ("nobody", "x", INVALID),
        // Has the form of an application password, but is not one.
        ("ada", "aaaa-bbbb-cccc-dddd-eeee-ffff", INVALID),
    ] {
        let attempts = (0..90).map(|number| {
            let name = if number % 2 == 0 {
                name
            } else {
                &name.to_uppercase()
            };
            f.attempt(name, password, from(&format!("203.0.{number}.1")))
        });
        let admin = f.attempt("admin", "admin-pw", from("192.0.2.1"));
        let (refused, rest) = f.storm(attempts.collect(), Some(admin)).await;
        assert_eq!(refused, 90 - OF_ACCOUNT, "{name}");
        assert_eq!(rest, vec![answer; OF_ACCOUNT]);
    }
}

#[tokio::test]
async fn one_source_holds_its_share_of_the_queue_and_others_log_in() {
    let f = fixture().await;
    let attempts = (0..90).map(|number| {
        let origin = from("203.0.113.1");
        f.attempt(&format!("user-{number}"), "x", origin)
    });
    let admin = f.attempt("admin", "admin-pw", from("192.0.2.1"));
    let (refused, rest) = f.storm(attempts.collect(), Some(admin)).await;
    assert_eq!(refused, 90 - OF_SOURCE);
    assert_eq!(rest, vec![INVALID; OF_SOURCE]);
}

#[tokio::test]
async fn pass_codes_of_one_card_hold_their_share() {
    let f = fixture().await;
    let attempts =
        (0..90).map(|number| f.pass_code_attempt("12345", from(&format!("203.0.{number}.1"))));
    let admin = f.attempt("admin", "admin-pw", from("192.0.2.1"));
    let (refused, rest) = f.storm(attempts.collect(), Some(admin)).await;
    assert_eq!(refused, 90 - OF_ACCOUNT);
    assert_eq!(rest, vec!["ada"; OF_ACCOUNT]);
}

#[tokio::test]
async fn resets_with_one_key_and_passwords_that_operators_set_hold_their_share() {
    let f = fixture().await;
    let key = f.token("ada", Terms::new(Purpose::Reset, HOUR)).await.token;
    let ada = f.user("ada").await;
    let resets = (0..90).map(|_| -> Attempt<'_> {
        let (auth, key) = (&f.auth, key.clone());
        Box::pin(async move {
            let reset = auth.reset_password(&key, "new-pw".into()).await;
            reset.map_err(of_core)
        })
    });
    let admin = f.attempt("admin", "admin-pw", from("192.0.2.1"));
    let (refused, rest) = f.storm(resets.collect(), Some(admin)).await;
    assert_eq!(refused, 90 - OF_ACCOUNT);
    let done = rest.iter().filter(|answer| *answer == "ada").count();
    assert_eq!((done, rest.len()), (1, OF_ACCOUNT));
    let passwords = &f.passwords;
    let set = (0..90).map(|_| -> Attempt<'_> {
        let ada = ada.clone();
        Box::pin(async move {
            let hash = passwords.hash_for_operator("new-pw".into()).await;
            hash.map(|_| ada).map_err(|error| of_core(error.into()))
        })
    });
    let admin = f.attempt("admin", "admin-pw", from("192.0.2.1"));
    let (refused, rest) = f.storm(set.collect(), Some(admin)).await;
    assert_eq!(refused, 90 - OF_SOURCE);
    assert_eq!(rest, vec!["ada"; OF_SOURCE]);
}

#[tokio::test]
async fn one_network_holds_the_share_of_a_source_and_others_log_in() {
    let f = fixture().await;
    for network in ["2001:db8:0:", "203.0.113."] {
        let attempts = (0..90).map(|number| {
            let end = if network.contains(':') { "::1" } else { "" };
            let origin = from(&format!("{network}{number}{end}"));
            f.attempt(&format!("user-{number}"), "x", origin)
        });
        let admin = f.attempt("admin", "admin-pw", from("192.0.2.1"));
        let (refused, rest) = f.storm(attempts.collect(), Some(admin)).await;
        assert_eq!(refused, 90 - OF_SOURCE, "{network}");
        assert_eq!(rest, vec![INVALID; OF_SOURCE]);
    }
}

#[tokio::test]
async fn strangers_hold_no_share_of_an_owner_who_is_known() {
    let throttle = Arc::new(MemoryThrottle::default());
    let f = guarded_by(Some(LoginThrottle::new(throttle, throttled::LIMITS))).await;
    let home = || from(throttled::HOME);
    f.attempt("ada", "ada-pw", home()).await.unwrap();
    let token = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let with_token = LoginOrigin {
        device_tokens: vec![token.token],
        ..from("198.51.100.1")
    };
    let code = f.pass_code_attempt("12345", home());
    code.await.unwrap();
    for (round, owner) in [home(), with_token].into_iter().enumerate() {
        let strangers = (0..90).map(|number| {
            let address = format!("203.{round}.{number}.1");
            f.attempt("ada", "x", from(&address))
        });
        let owner = f.attempt("ada", "ada-pw", owner);
        let (refused, rest) = f.storm(strangers.collect(), Some(owner)).await;
        assert_eq!(refused, 90 - OF_ACCOUNT);
        assert_eq!(rest, vec![INVALID; OF_ACCOUNT]);
    }
    let strangers =
        (0..90).map(|number| f.pass_code_attempt("0", from(&format!("203.2.{number}.1"))));
    let owner = f.pass_code_attempt("12345", home());
    let (refused, rest) = f.storm(strangers.collect(), Some(owner)).await;
    assert_eq!(refused, 90 - OF_ACCOUNT);
    assert_eq!(rest, vec![INVALID; OF_ACCOUNT]);
    // A login that was refused because the queue was full does not count as an attempt.
    let strained = counted(&f.auth, ThrottleFilter::default()).await;
    let of_account = strained
        .iter()
        .filter(|one| one.bucket.kind == BucketKind::Account);
    assert_eq!(of_account.count(), 3 * OF_ACCOUNT);
}
