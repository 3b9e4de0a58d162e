//! A primary that becomes read-only while its connections stay open.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all, join3};
use isogloss_core::UserState;
use isogloss_core::audit::{AuditTable as _, Event, EventKind};
use isogloss_core::directory::Directory;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, raw_sql};
use time::OffsetDateTime;

use super::super::postgres::{settings, until};
use super::super::{FILE, load};
use crate::PostgresDirectory;
use isogloss_testkit::Postgres;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Two servers, whose user Ada has a different first name on each, and a directory at the address of both.
struct Pair {
    old: Postgres,
    _new: Postgres,
    /// The address of the database on the old server.
    address: String,
    directory: PostgresDirectory,
}

impl Pair {
    async fn start(attributes: &str) -> Self {
        let (old, new) = (Postgres::start().unwrap(), Postgres::start().unwrap());
        let addresses = [&old, &new].map(|server| server.new_database().unwrap());
        for (address, name) in addresses.iter().zip(["Old", "New"]) {
            let directory = PostgresDirectory::new(&settings(address, TIMEOUT)).unwrap();
            let text = FILE.replace("first_name = \"Ada\"", &format!("first_name = '{name}'"));
            until("it is filled", async || {
                load(&directory, &text).await.is_ok()
            })
            .await;
        }
        let [old_place, new_place] = addresses.each_ref().map(|address| {
            let (_, place) = address.split_once('@').unwrap();
            let (place, _) = place.split_once('/').unwrap();
            place.to_owned()
        });
        let both = format!("{old_place},{new_place}");
        let both = addresses[0].replace(&old_place, &both);
        let address = format!("{both}?target_session_attrs={attributes}");
        let directory = PostgresDirectory::new(&settings(&address, TIMEOUT)).unwrap();
        until("it serves", async || directory.ping().await.is_ok()).await;
        Self {
            old,
            _new: new,
            address: addresses[0].clone(),
            directory,
        }
    }

    /// Makes the old server read-only without closing connections.
    async fn demote(&self) {
        let demote = "ALTER SYSTEM SET default_transaction_read_only = on";
        self.old.sql("postgres", demote).unwrap();
        self.old.sql("postgres", "SELECT pg_reload_conf()").unwrap();
        until("it is read-only", async || {
            let shown = self
                .old
                .sql("postgres", "SHOW default_transaction_read_only");
            shown.unwrap() == "on"
        })
        .await;
    }

    /// Makes the old server refuse new connections, which then lead to the next server. Open ones stay.
    fn takes_no_connections(&self) {
        let (_, database) = self.address.rsplit_once('/').unwrap();
        let refuse = format!("ALTER DATABASE {database} ALLOW_CONNECTIONS false");
        self.old.sql("postgres", &refuse).unwrap();
    }

    /// Locks a table on the old server, so that queries that need it wait.
    async fn lock(&self, table: &'static str) -> PgConnection {
        let mut holder = PgConnection::connect(&self.address).await.unwrap();
        let lock = AssertSqlSafe(format!("BEGIN; LOCK TABLE {table}"));
        raw_sql(lock).execute(&mut holder).await.unwrap();
        holder
    }

    /// Waits until `in_use` connections are in use, runs `meanwhile`, and then closes `holder`, which releases its
    /// lock.
    async fn unlock_at(&self, in_use: usize, holder: PgConnection, meanwhile: impl Future) {
        until("all wait", async || {
            let connections = self.directory.connections();
            connections.is_some_and(|all| all.in_use == in_use)
        })
        .await;
        meanwhile.await;
        holder.close().await.unwrap();
    }

    /// Opens all four connections, and returns what was read over each.
    async fn use_all(&self) -> Vec<String> {
        let holder = self.lock("users").await;
        let four = join_all((0..4).map(|_| self.answers()));
        let (answers, ()) = join(four, self.unlock_at(4, holder, async {})).await;
        answers
    }

    async fn answers(&self) -> String {
        let account = self.directory.account("ada").await.unwrap();
        account.unwrap().user.first_name
    }
}

#[tokio::test]
async fn a_change_that_a_demoted_server_refuses_is_made_at_the_next_one() {
    let pair = Pair::start("read-write").await;
    assert_eq!(pair.answers().await, "Old");
    let bob = pair.directory.account("bob").await.unwrap().unwrap().user;
    pair.demote().await;
    let done = pair.directory.set_state(bob.id, UserState::Active);
    done.await.unwrap();
    assert_eq!(pair.answers().await, "New");
}

#[tokio::test]
async fn reads_leave_a_demoted_server_although_nothing_is_written() {
    let pair = Pair::start("read-write").await;
    assert_eq!(pair.answers().await, "Old");
    pair.demote().await;
    until("they come from the next server", async || {
        pair.answers().await == "New"
    })
    .await;
}

#[tokio::test]
async fn a_server_that_was_always_read_only_keeps_its_connections() {
    let pair = Pair::start("any").await;
    pair.demote().await;
    let bob = pair.directory.account("bob").await.unwrap().unwrap().user;
    assert_eq!(pair.use_all().await, ["Old"; 4]);
    // The first refusal may mean that the server was demoted, so all other connections are closed.
    for open in [1, 4, 4] {
        let refused = pair.directory.set_state(bob.id, UserState::Active).await;
        assert!(refused.unwrap_err().is_read_only());
        assert_eq!(pair.directory.connections().unwrap().open, open);
        assert_eq!(pair.use_all().await, ["Old"; 4]);
    }
}

#[tokio::test]
async fn connections_in_use_when_a_change_is_refused_serve_nothing_afterwards() {
    let pair = Pair::start("any").await;
    assert_eq!(pair.use_all().await, ["Old"; 4]);

    let (users, audit) = (pair.lock("users").await, pair.lock("audit").await);
    pair.takes_no_connections();
    pair.demote().await;
    let refused = async {
        pair.directory.record_import(&[1; 32]).await.unwrap();
    };
    let reads = join_all((0..2).map(|_| pair.answers()));
    // This change is refused after another one, and before the reads end.
    let change = async {
        let event = Event::new(EventKind::Login, OffsetDateTime::UNIX_EPOCH);
        let events = vec![Arc::new(event)];
        pair.directory.insert_events(events).await.unwrap();
        users.close().await.unwrap();
    };
    let (old, (), ()) = join3(reads, change, pair.unlock_at(3, audit, refused)).await;
    assert_eq!(old, ["Old"; 2]);
    for _ in 0..2 {
        let all = join_all((0..4).map(|_| pair.answers())).await;
        assert_eq!(all, ["New"; 4]);
    }
}
