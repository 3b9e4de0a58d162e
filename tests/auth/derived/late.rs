//! Tokens that are derived while their parent is being ended.

use std::sync::Mutex;

use async_trait::async_trait;
use uuid::Uuid;

use super::*;
use isogloss_core::Clock;
use isogloss_core::StoreError;
use isogloss_core::TokenDigest;
use isogloss_core::store::{Record, StoreHealth, StoredToken, TokenStore, Visitor};

/// A token store that adds a record directly after a given number of list calls.
struct Late {
    store: Arc<EmbeddedStore>,
    /// How many list calls complete before the record is added, and the record.
    late: Mutex<Option<(usize, TokenDigest, Record)>>,
}

impl Late {
    async fn listed(&self) -> Result<(), StoreError> {
        let due = {
            let mut late = self.late.lock().unwrap();
            if let Some((lists, ..)) = late.as_mut() {
                *lists -= 1;
            }
            late.take_if(|(lists, ..)| *lists == 0)
        };
        if let Some((_, digest, record)) = due {
            self.store.put(digest, &record, record.issued_at).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl TokenStore for Late {
    async fn put(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<Vec<TokenDigest>, StoreError> {
        self.store.put(digest, record, now).await
    }

    async fn get(&self, digest: TokenDigest) -> Result<Option<Arc<Record>>, StoreError> {
        self.store.get(digest).await
    }

    async fn slot_holder(&self, slot: TokenDigest) -> Result<Option<TokenDigest>, StoreError> {
        self.store.slot_holder(slot).await
    }

    async fn replace(
        &self,
        digest: TokenDigest,
        before: &Record,
        after: &Record,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.store.replace(digest, before, after, now).await
    }

    async fn restore(&self, token: &StoredToken, now: OffsetDateTime) -> Result<(), StoreError> {
        self.store.restore(token, now).await
    }

    async fn remove(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError> {
        self.store.remove(digest).await
    }

    async fn list_by_user(&self, user: Uuid) -> Result<Vec<(TokenDigest, Record)>, StoreError> {
        let records = self.store.list_by_user(user).await?;
        self.listed().await?;
        Ok(records)
    }

    async fn scan(&self, visit: &mut Visitor<'_>) -> Result<(), StoreError> {
        self.store.scan(visit).await?;
        self.listed().await
    }

    async fn remove_user(&self, user: Uuid) -> Result<u64, StoreError> {
        let removed = self.store.remove_user(user).await?;
        self.listed().await?;
        Ok(removed)
    }

    async fn sweep(&self, now: OffsetDateTime) -> Result<u64, StoreError> {
        self.store.sweep(now).await
    }

    async fn close(&self) {
        self.store.close().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    async fn health(&self, clock: &dyn Clock) -> Result<StoreHealth, StoreError> {
        self.store.health(clock).await
    }
}

/// A login of Ada's, the hand-over token that it came from, and a token derived from it that is stored late.
struct Race {
    f: Fixture,
    auth: Auth,
    cross: Token,
    login: Session,
    child: TokenDigest,
}

impl Race {
    /// Prepares the race: the derived token is stored after that many list calls.
    async fn after(lists: usize) -> Self {
        let f = fixture().await;
        let first = f.token("ada", at("desk", Purpose::Access)).await;
        let cross = Terms::new(Purpose::Handover, HOUR).derived_from(&first.session);
        let cross = f.token("ada", cross).await.token;
        let spent = f.auth.redeem(&cross, Purpose::Handover).await.unwrap();
        let login = Terms {
            client: Some("phone".to_owned()),
            ..Terms::new(Purpose::Access, DAY).redeemed_from(&spent)
        };
        let login = f.token("ada", login).await.session;
        let child = Terms::new(Purpose::Access, DAY).derived_from(&login);
        let child = f.token("ada", child).await.session.digest;
        let record = f.tokens.remove(child).await.unwrap().unwrap();
        let store = Late {
            store: Arc::clone(&f.tokens),
            late: Mutex::new(Some((lists, child, record))),
        };
        let auth = f.on_store(Arc::new(store));
        Self {
            f,
            auth,
            cross,
            login,
            child,
        }
    }

    async fn is_over(&self) -> bool {
        for digest in [self.login.digest, self.child] {
            if self.f.tokens.get(digest).await.unwrap().is_some() {
                return false;
            }
        }
        true
    }
}

#[tokio::test]
async fn what_is_derived_while_sessions_are_ended_ends_too_and_is_counted() {
    // To choose sessions by handle takes no list call, so the first call already looks for derived tokens.
    type Choose = fn(&Session) -> SessionFilter;
    let choices: [(&str, Choose, usize, u64); 4] = [
        ("handle", |login| handle_of(login), 1, 2),
        ("user", |login| user_of(login), 2, 3),
        ("client", |_| client("phone"), 2, 2),
        ("everything", |_| SessionFilter::default(), 2, 3),
    ];
    for (name, choose, lists, expected) in choices {
        for lists in 1..=lists {
            let race = Race::after(lists).await;
            let filter = choose(&race.login);
            let ended = race.auth.end_sessions(&filter).await.unwrap();
            assert!(race.is_over().await, "{name}, after {lists}");
            assert_eq!(ended, expected, "{name}, after {lists}");
        }
    }
}

#[tokio::test]
async fn what_is_derived_while_an_alarm_ends_a_session_ends_too() {
    let race = Race::after(1).await;
    let again = race.auth.redeem(&race.cross, Purpose::Handover).await;
    assert_eq!(refusal(again), DEAD);
    assert!(race.is_over().await);
}

#[tokio::test]
async fn a_token_that_is_issued_while_its_user_is_erased_does_not_survive() {
    let race = Race::after(1).await;
    let user = User::clone(&race.login.user);
    let erasure = race.auth.erase(&user).await.unwrap();
    assert!(race.is_over().await, "stored after the tokens were removed");
    assert_eq!(erasure.tokens, 3);
    // A login whose password was checked before the user was removed, and that goes on afterwards.
    let terms = Terms::new(Purpose::Access, DAY);
    let late = race.auth.issue(HERE, &user, terms).await;
    assert_eq!(refusal(late), INVALID);
    assert_eq!(race.f.tokens.list_by_user(user.id).await.unwrap(), []);
}

fn handle_of(login: &Session) -> SessionFilter {
    SessionFilter {
        handle: Some(login.digest),
        ..SessionFilter::default()
    }
}

fn user_of(login: &Session) -> SessionFilter {
    SessionFilter {
        user: Some(login.user.id),
        ..SessionFilter::default()
    }
}

fn client(name: &str) -> SessionFilter {
    SessionFilter {
        client: Some(name.to_owned()),
        ..SessionFilter::default()
    }
}
