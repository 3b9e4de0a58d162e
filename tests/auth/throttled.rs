//! Which login attempts the throttle admits, and which it refuses.

mod codes;
mod erased;
mod keys;
mod known;
mod listed;
mod outcomes;

use std::net::IpAddr;

use super::*;
use isogloss_core::throttle::{Budget, ClientIp, Limits, MemoryThrottle};

const MINUTE: Duration = Duration::from_mins(1);

const fn budget(tries: u32) -> Budget {
    Budget {
        tries,
        refill: MINUTE,
        first_lock: Duration::from_secs(1),
        longest_lock: Duration::from_mins(15),
    }
}

pub(super) const LIMITS: Limits = Limits {
    account: budget(5),
    known_client: budget(7),
    source: budget(12),
    network: budget(30),
    key: budget(4),
    everywhere: budget(40),
    code: budget(3),
    letters: budget(2),
    letters_of_source: budget(4),
    remember_clients: Duration::from_hours(1),
};

/// Returns the outcome for a caller that can distinguish only success, failure and lock.
fn seen(outcome: &Outcome) -> &'static str {
    match outcome {
        In => "in",
        Wrong | Disabled | SecondFactor => "no",
        Throttled(_) => "not now",
    }
}

pub(super) const HOME: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.1";

async fn limited() -> Fixture {
    let throttle = Arc::new(MemoryThrottle::default());
    guarded_by(Some(LoginThrottle::new(throttle, LIMITS))).await
}

fn origin(address: &str, client: Option<&str>) -> LoginOrigin {
    let address: IpAddr = address.parse().unwrap();
    LoginOrigin {
        client: client.map(str::to_owned),
        ..LoginOrigin::new(HERE, Some(ClientIp::from(address)))
    }
}

impl Fixture {
    async fn try_from(&self, origin: LoginOrigin, name: &str, password: &str) -> Outcome {
        let credentials = Credentials {
            origin,
            ..credentials(name, password)
        };
        Outcome::of(self.auth.login(credentials).await)
    }

    /// Returns how many attempts with a wrong password are checked until the account is locked.
    async fn wrong_tries(&self, origin: &LoginOrigin, name: &str) -> usize {
        for count in 0..100 {
            let outcome = self.try_from(origin.clone(), name, "wrong").await;
            if outcome != Wrong {
                assert!(matches!(outcome, Throttled(_)), "{outcome:?}");
                return count;
            }
        }
        panic!("never locked");
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    In,
    Wrong,
    Disabled,
    SecondFactor,
    /// Locked for that many seconds.
    Throttled(u64),
}

impl Outcome {
    fn of(outcome: Result<User, AuthError>) -> Self {
        match outcome {
            Ok(_) => Self::In,
            Err(AuthError::InvalidCredentials(_)) => Self::Wrong,
            Err(AuthError::AccountDisabled(_)) => Self::Disabled,
            Err(AuthError::SecondFactorRequired(_)) => Self::SecondFactor,
            Err(AuthError::Throttled { retry_after, .. }) => Self::Throttled(retry_after.as_secs()),
            Err(other) => panic!("{other}"),
        }
    }
}

use Outcome::{Disabled, In, SecondFactor, Throttled, Wrong};

#[tokio::test]
async fn an_account_is_locked_for_one_network_whether_it_is_there_or_not() {
    let f = limited().await;
    for name in ["ada", "nobody"] {
        assert_eq!(f.wrong_tries(&origin(HOME, None), name).await, 5);
        // The right password is not checked either.
        let neighbour = || origin("192.0.2.200", None);
        assert_eq!(f.try_from(neighbour(), name, "ada-pw").await, Throttled(1));
        assert_eq!(
            f.try_from(neighbour(), &name.to_uppercase(), "x").await,
            Throttled(1)
        );
    }
    f.clock.advance(Duration::from_secs(1));
    for (name, address) in [("ada", "192.0.2.2"), ("nobody", "192.0.2.3")] {
        let there = || origin(address, None);
        assert_eq!(f.try_from(there(), name, "x").await, Wrong);
        assert_eq!(f.try_from(there(), name, "x").await, Throttled(2));
    }
    let elsewhere = origin(ELSEWHERE, None);
    assert_eq!(f.try_from(elsewhere, "ada", "ada-pw").await, In);
}

#[tokio::test]
async fn a_login_that_fits_makes_an_account_unsuspicious() {
    let f = limited().await;
    for round in 0..3 {
        for _ in 0..3 {
            assert_eq!(f.try_from(origin(HOME, Some("a")), "ada", "x").await, Wrong);
        }
        let client = format!("another {round}");
        let there = origin(HOME, Some(&client));
        assert_eq!(f.try_from(there, "ada", "ada-pw").await, In);
    }
    // The budget of the source is not reset: nine of its twelve attempts are used.
    assert_eq!(f.wrong_tries(&origin(HOME, Some("a")), "admin").await, 3);
}

#[tokio::test]
async fn a_source_has_one_budget_for_all_accounts() {
    let f = limited().await;
    let mut wrong = 0;
    for number in 0..100 {
        let name = format!("user-{number}");
        let outcome = f.try_from(origin(HOME, None), &name, "x").await;
        wrong += usize::from(outcome == Wrong);
        assert!([Wrong, Throttled(1)].contains(&outcome), "{outcome:?}");
    }
    assert_eq!(wrong, 12);
    // Attempts that were refused because of their source took nothing from the budgets of the accounts.
    let elsewhere = origin(ELSEWHERE, None);
    assert_eq!(f.wrong_tries(&elsewhere, "user-99").await, 5);
}

#[tokio::test]
async fn an_address_is_the_client_of_who_names_none_in_all_dialects() {
    let f = limited().await;
    assert_eq!(f.try_from(origin(HOME, None), "ada", "ada-pw").await, In);
    let neighbour = origin("192.0.2.2", None);
    assert_eq!(f.wrong_tries(&neighbour, "ada").await, 5);
    assert_eq!(f.try_from(origin(HOME, None), "ada", "ada-pw").await, In);
    let there = LoginOrigin {
        realm: THERE,
        ..origin(HOME, None)
    };
    assert_eq!(f.wrong_tries(&there, "ada").await, 7);
    assert_eq!(
        f.try_from(origin(HOME, None), "ada", "x").await,
        Throttled(1)
    );
    f.clock.advance(HOUR * 2);
    assert_eq!(f.wrong_tries(&origin(HOME, None), "ada").await, 5);
}

#[tokio::test]
async fn of_many_at_once_no_more_are_looked_at_than_there_are_tries() {
    let f = limited().await;
    let many = (0..30).map(|_| f.try_from(origin(HOME, None), "ada", "x"));
    let wrong = join_all(many).await.into_iter();
    assert_eq!(wrong.filter(|outcome| *outcome == Wrong).count(), 5);
}

#[tokio::test]
async fn letters_are_counted_by_name_and_by_source() {
    let f = limited().await;
    let may = async |name: &str, address: &str| {
        let origin = origin(address, None);
        f.auth.may_send_email(name, &origin).await.unwrap()
    };
    for name in ["ada", "nobody"] {
        assert!(may(name, HOME).await);
        assert!(may(name, HOME).await);
        assert!(!may(&name.to_uppercase(), ELSEWHERE).await);
    }
    assert!(!may("somebody", HOME).await);
    assert!(may("somebody", ELSEWHERE).await);
    f.clock.advance(MINUTE * 10);
    assert!(may("ada", HOME).await);
}

#[tokio::test]
async fn an_email_that_the_limit_of_its_name_refuses_costs_the_source_nothing() {
    let f = limited().await;
    let home = origin(HOME, None);
    let may = async |name: &str| f.auth.may_send_email(name, &home).await.unwrap();
    assert!(may("ada").await && may("ada").await);
    for _ in 0..3 {
        assert!(!may("ada").await);
    }
    assert!(may("someone else").await && may("someone else").await);
}
