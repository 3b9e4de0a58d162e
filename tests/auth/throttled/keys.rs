//! Access cards and API keys: counted by source, by network, and in total.

use super::*;

impl Fixture {
    async fn card(&self, address: &str, code: &str) -> Outcome {
        let acme = OrganisationName::Exact("ACME".to_owned());
        let card = AccessCard::Code(code.into());
        let origin = origin(address, None);
        Outcome::of(self.auth.login_by_card(card, &acme, &origin).await)
    }

    pub(super) async fn pass_code(
        &self,
        address: &str,
        identifier: &str,
        pass_code: &str,
    ) -> Outcome {
        let acme = OrganisationName::Exact("ACME".to_owned());
        let card = AccessCard::Identifier {
            identifier: identifier.to_owned(),
            pass_code: pass_code.into(),
        };
        let origin = origin(address, None);
        Outcome::of(self.auth.login_by_card(card, &acme, &origin).await)
    }

    /// Returns whether the key was found; `None` if it was not checked.
    pub(super) async fn key(&self, address: &str, key: &str) -> Option<bool> {
        self.key_of(HERE, address, key).await
    }

    async fn key_of(&self, realm: Realm, address: &str, key: &str) -> Option<bool> {
        let origin = LoginOrigin {
            realm,
            ..origin(address, None)
        };
        match self.auth.authenticate_key(key, &origin).await {
            Ok(key) => Some(key.is_some()),
            Err(AuthError::Throttled { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Returns how many of a hundred card codes from the given addresses are checked.
    async fn cards_looked_at(&self, address: impl Fn(usize) -> String) -> usize {
        let mut looked_at = 0;
        for number in 0..100 {
            let tried = self.card(&address(number), &format!("code-{number}")).await;
            looked_at += usize::from(tried == Wrong);
        }
        looked_at
    }
}

#[tokio::test]
async fn cards_are_guesses_too() {
    let f = limited().await;
    let mut outcomes = Vec::new();
    for _ in 0..6 {
        outcomes.push(f.pass_code(HOME, "card", "0").await);
    }
    assert_eq!(outcomes[4..], [Wrong, Throttled(1)]);
    for _ in 0..7 {
        assert_eq!(f.card(HOME, "nonsense").await, Wrong);
    }
    assert_eq!(f.card(HOME, "nonsense").await, Throttled(1));
    assert_eq!(f.card(HOME, "open-sesame").await, Throttled(1));
}

#[tokio::test]
async fn cards_are_counted_by_the_network_too() {
    let f = limited().await;
    let of_site = |number: usize| format!("2001:db8:0:{number:x}::1");
    assert_eq!(f.cards_looked_at(of_site).await, 30);
    let f = limited().await;
    let of_block = |number: usize| format!("198.51.100.{number}");
    assert_eq!(f.cards_looked_at(of_block).await, 30);
}

#[tokio::test]
async fn all_cards_have_one_budget_and_known_ones_pass_its_lock() {
    let f = limited().await;
    assert_eq!(f.card(HOME, "open-sesame").await, In);
    assert_eq!(f.pass_code("192.0.2.9", "card", "12345").await, In);
    let anywhere = |number: usize| format!("203.0.{number}.1");
    assert_eq!(f.cards_looked_at(anywhere).await, 40);
    assert_eq!(f.card(HOME, "open-sesame").await, In);
    assert_eq!(f.pass_code("192.0.2.9", "card", "12345").await, In);
    assert_eq!(f.card(ELSEWHERE, "open-sesame").await, Throttled(1));
    // Passwords have budgets of their own.
    assert_eq!(
        f.try_from(origin(ELSEWHERE, None), "ada", "ada-pw").await,
        In
    );
}

#[tokio::test]
async fn one_network_cannot_spend_the_budget_of_all_cards() {
    let f = limited().await;
    f.cards_looked_at(|number| format!("2001:db8:0:{number:x}::1"))
        .await;
    assert_eq!(f.card(HOME, "open-sesame").await, In);
}

#[tokio::test]
async fn wrong_keys_are_counted_by_their_source() {
    let f = limited().await;
    for number in 0..4 {
        let key = format!("key-{number}");
        assert_eq!(f.key(ELSEWHERE, &key).await, Some(false));
    }
    assert_eq!(f.key(ELSEWHERE, "key-4").await, None);
    assert_eq!(f.key(ELSEWHERE, "app-key").await, None);
    assert_eq!(f.key(HOME, "app-key").await, Some(true));
    f.clock.advance(Duration::from_secs(1));
    assert_eq!(f.key(ELSEWHERE, "app-key").await, Some(true));
    let elsewhere = origin(ELSEWHERE, None);
    let robot = f.auth.login_by_key("nonsense", &elsewhere).await;
    assert_eq!(Outcome::of(robot.map(|login| login.user)), Wrong);
    let robot = f.auth.login_by_key("robot-key", &elsewhere).await;
    assert_eq!(Outcome::of(robot.map(|login| login.user)), Throttled(2));
}

#[tokio::test]
async fn wrong_keys_are_counted_by_network_and_all_together() {
    let f = limited().await;
    let mut looked_at = [0, 0];
    for number in 0..100 {
        let key = format!("key-{number}");
        let address = format!("2001:db8:0:{number:x}::1");
        looked_at[0] += usize::from(f.key(&address, &key).await.is_some());
    }
    assert_eq!(f.key(HOME, "app-key").await, Some(true));
    for number in 0..100 {
        let address = format!("203.0.{number}.1");
        let key = format!("other-{number}");
        looked_at[1] += usize::from(f.key(&address, &key).await.is_some());
    }
    // Thirty attempts from one network, and ten more from other networks.
    assert_eq!(looked_at, [30, 10]);
    assert_eq!(f.key(HOME, "app-key").await, Some(true));
}

#[tokio::test]
async fn a_service_that_asks_again_and_again_pays_nothing_right_or_wrong() {
    let f = limited().await;
    for _ in 0..100 {
        assert_eq!(f.key(HOME, "app-key").await, Some(true));
    }
    assert_eq!(counted(&f.auth, ThrottleFilter::default()).await, []);
    // A service that still uses a key that was replaced.
    for _ in 0..100 {
        assert_eq!(f.key(HOME, "old-key").await, Some(false));
    }
    for number in 0..100 {
        f.key(HOME, &format!("key-{number}")).await;
    }
    assert_eq!(f.key(HOME, "key-new").await, None);
    assert_eq!(f.key(HOME, "app-key").await, Some(true));
}

#[tokio::test]
async fn wrong_keys_of_one_realm_lock_no_other_realm() {
    let f = limited().await;
    let introspection = Realm::new("introspection");
    for number in 0..100 {
        f.key(HOME, &format!("key-{number}")).await;
        f.key(&format!("203.0.{number}.1"), &format!("other-{number}"))
            .await;
    }
    assert_eq!(f.key(HOME, "app-key").await, None);
    assert_eq!(f.key("198.51.100.9", "app-key").await, None);
    for address in [HOME, "198.51.100.9"] {
        let looked_at = f.key_of(introspection, address, "a-key").await;
        assert_eq!(looked_at, Some(false));
    }
}

#[tokio::test]
async fn keys_of_the_management_listener_have_no_budget_for_everywhere() {
    for (realm, expected) in [("admin", 100), ("introspection", 100), ("there", 40)] {
        let f = limited().await;
        let mut looked_at = 0;
        for number in 0..100 {
            let address = format!("203.0.{number}.1");
            let key = format!("key-{number}");
            let tried = f.key_of(Realm::new(realm), &address, &key).await;
            looked_at += usize::from(tried.is_some());
        }
        assert_eq!(looked_at, expected, "{realm}");
    }
}

/// A gateway restarts while its throttle state is kept in an external store.
#[tokio::test]
async fn a_key_that_was_right_at_an_address_passes_all_locks_of_a_new_gateway() {
    let throttle = Arc::new(MemoryThrottle::default());
    let before = guarded_by(Some(LoginThrottle::new(throttle.clone(), LIMITS))).await;
    let after = guarded_by(Some(LoginThrottle::new(throttle, LIMITS))).await;
    assert_eq!(before.key(HOME, "app-key").await, Some(true));
    for number in 0..100 {
        before.key(HOME, &format!("key-{number}")).await;
        let address = format!("203.0.{number}.1");
        before.key(&address, &format!("other-{number}")).await;
    }
    assert_eq!(after.key(HOME, "app-key").await, Some(true));
    assert_eq!(after.key(HOME, "robot-key").await, None);
    assert_eq!(after.key(ELSEWHERE, "app-key").await, None);
    // A key with the same text in another realm is a different key.
    assert_eq!(after.key_of(THERE, HOME, "app-key").await, Some(false));
}

#[tokio::test]
async fn a_key_in_steady_use_stays_known() {
    let throttle = Arc::new(MemoryThrottle::default());
    let before = guarded_by(Some(LoginThrottle::new(throttle.clone(), LIMITS))).await;
    let after = guarded_by(Some(LoginThrottle::new(throttle, LIMITS))).await;
    for _ in 0..12 {
        assert_eq!(before.key(HOME, "app-key").await, Some(true));
        before.clock.advance(MINUTE * 10);
        after.clock.advance(MINUTE * 10);
    }
    for number in 0..100 {
        before.key(HOME, &format!("key-{number}")).await;
    }
    assert_eq!(after.key(HOME, "robot-key").await, None);
    assert_eq!(after.key(HOME, "app-key").await, Some(true));
}
