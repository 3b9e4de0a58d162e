//! Codes of second factors have one budget per user, for all sources.

use super::*;

const RIGHT: &str = "287082";

impl Fixture {
    pub(super) async fn with_totp(
        &self,
        name: &str,
        origin: LoginOrigin,
        code: Option<&str>,
    ) -> Outcome {
        let credentials = Credentials {
            factor: isogloss_core::SecondFactor::Code(code.map(Into::into)),
            origin,
            ..credentials(name, "guarded-pw")
        };
        Outcome::of(self.auth.login(credentials).await)
    }

    async fn appended(&self, field: &str) -> Outcome {
        let credentials = Credentials {
            factor: isogloss_core::SecondFactor::without_field(SecondFactorRule::Append, &[]),
            origin: origin(HOME, None),
            ..credentials("guarded", field)
        };
        Outcome::of(self.auth.login(credentials).await)
    }
}

#[tokio::test]
async fn codes_are_counted_apart_and_wherever_they_come_from() {
    let f = limited().await;
    let try_code =
        async |address: &str, code| f.with_totp("guarded", origin(address, None), code).await;
    // An empty code field does not count as a guess in dialects that have the field.
    for _ in 0..20 {
        assert_eq!(try_code(HOME, None).await, SecondFactor);
    }
    for number in 0..3 {
        let address = format!("203.0.{number}.1");
        let tried = try_code(&address, Some("000000")).await;
        assert_eq!(tried, SecondFactor);
    }
    assert_eq!(try_code(HOME, Some(RIGHT)).await, Throttled(1));
    // The codes took nothing from the budget for passwords.
    assert_eq!(f.wrong_tries(&origin(HOME, None), "guarded").await, 5);
    f.clock.advance(Duration::from_secs(1));
    assert_eq!(try_code(ELSEWHERE, Some(RIGHT)).await, In);
    // A used code counts as a wrong one.
    for _ in 0..3 {
        assert_eq!(try_code(HOME, Some(RIGHT)).await, SecondFactor);
    }
    assert_eq!(try_code(HOME, Some(RIGHT)).await, Throttled(1));
}

#[tokio::test]
async fn codes_have_one_budget_whatever_client_address_and_name_are() {
    let f = limited().await;
    // Each of these clients had logged in before.
    for number in 0..3 {
        let (client, address) = (format!("client {number}"), format!("203.0.{number}.1"));
        let tried = f
            .with_totp("guarded", origin(&address, Some(&client)), Some(RIGHT))
            .await;
        assert_eq!(tried, if number == 0 { In } else { SecondFactor });
    }
    f.clock.advance(MINUTE * 10);
    let mut looked_at = 0;
    for number in 0..30 {
        let client = format!("client {}", number % 3);
        let address = format!("203.0.{}.1", number % 3);
        let name = ["guarded", "Guarded@example.com"][number % 2];
        let guesser = origin(&address, Some(&client));
        let tried = f.with_totp(name, guesser, Some("000000")).await;
        looked_at += usize::from(tried == SecondFactor);
    }
    assert_eq!(looked_at, 3);
}

#[tokio::test]
async fn a_live_token_of_the_user_passes_the_lock_of_the_codes() {
    let f = limited().await;
    let excused = Credentials {
        factor: isogloss_core::SecondFactor::without_field(
            SecondFactorRule::Refuse,
            &["192.0.2.0/24".to_owned().try_into().unwrap()],
        ),
        origin: origin(HOME, None),
        ..credentials("guarded", "guarded-pw")
    };
    let user = f.auth.login(excused).await.unwrap();
    let terms = Terms::new(Purpose::Remember, HOUR);
    let token = f.auth.issue(HERE, &user, terms).await.unwrap().token;
    for _ in 0..3 {
        let guesser = origin(ELSEWHERE, None);
        let tried = f.with_totp("guarded", guesser, Some("000000")).await;
        assert_eq!(tried, SecondFactor);
    }
    let locked = f.with_totp("guarded", origin(HOME, None), Some(RIGHT));
    assert_eq!(locked.await, Throttled(1));
    let proven = LoginOrigin {
        device_tokens: vec![token],
        ..origin(HOME, None)
    };
    let tried = f.with_totp("guarded", proven, Some(RIGHT)).await;
    assert_eq!(tried, In);
}

#[tokio::test]
async fn an_operator_finds_and_forgives_codes_under_every_name_of_the_user() {
    let f = limited().await;
    for name in ["guarded", "GUARDED@example.com"] {
        for _ in 0..3 {
            f.with_totp("guarded", origin(HOME, None), Some("000000"))
                .await;
        }
        let filter = ThrottleFilter {
            name: Some(name.to_owned()),
            ..ThrottleFilter::default()
        };
        let strained = counted(&f.auth, filter.clone()).await;
        let kinds: Vec<_> = strained.iter().map(|one| one.bucket.kind.name()).collect();
        assert_eq!(kinds, ["code"], "{name}");
        assert_eq!(f.auth.clear_throttle(&filter).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_code_behind_the_password_is_counted_as_a_code_and_nobody_is_told() {
    let f = limited().await;
    for _ in 0..3 {
        assert_eq!(f.appended("guarded-pw000000").await, SecondFactor);
    }
    // The right code is not checked, and the response stays the same.
    assert_eq!(f.appended("guarded-pw287082").await, SecondFactor);
    f.clock.advance(Duration::from_secs(1));
    assert_eq!(f.appended("guarded-pw287082").await, In);
    // A wrong password takes from the budget for passwords, with or without a code after it.
    assert_eq!(f.wrong_tries(&origin(HOME, None), "guarded").await, 7);
}
