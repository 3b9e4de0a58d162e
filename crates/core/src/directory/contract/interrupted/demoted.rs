//! A primary that takes no changes any more while its connections live on.

use std::time::Duration;

use super::super::postgres::{settings, until};
use super::super::postgres_server::Postgres;
use super::super::{FILE, load};
use crate::directory::{Directory, PostgresDirectory};
use crate::user::UserState;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Two servers with one user each that tells them apart, and the address of both.
struct Pair {
    old: Postgres,
    _new: Postgres,
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
            directory,
        }
    }

    /// The server takes no changes from now on, and closes no connection.
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
    for _ in 0..3 {
        let refused = pair.directory.set_state(bob.id, UserState::Active).await;
        assert!(refused.unwrap_err().is_read_only());
        assert_eq!(pair.answers().await, "Old");
    }
}
