//! Lost responses to `COMMIT`, and imports and erasures whose connection becomes silent.

use std::time::Duration;

use isogloss_core::UserState;
use isogloss_core::directory::Directory;
use isogloss_core::usage::{Observed, UsageCount, UsageKey, UsageRows, UsageTable as _};
use time::macros::datetime;
use tokio::time::timeout;

use super::super::postgres::{settings, until};
use super::super::{FILE, load};
use super::fate::Fate;
use super::relayed;
use crate::PostgresDirectory;
use isogloss_testkit::Postgres;
use isogloss_testkit::relay::{Direction, Relay};

const TIMEOUT: Duration = Duration::from_secs(4);
/// Many times what giving up a silent connection may take, and less than it took before it depended on the
/// time-out.
const LIMIT: Duration = Duration::from_secs(25);

async fn site(server: &Postgres) -> (Relay, PostgresDirectory, String) {
    let (relay, address) = relayed(server, &server.new_database().unwrap());
    let settings = settings(&address, TIMEOUT);
    let directory = PostgresDirectory::new(&settings).unwrap();
    until("it is filled", async || {
        load(&directory, FILE).await.is_ok()
    })
    .await;
    (relay, directory, address)
}

fn one_call() -> UsageRows {
    let key = UsageKey {
        dialect: "toy".to_owned(),
        revision: "v1".to_owned(),
        endpoint: "/v1/login".to_owned(),
        application: None,
        key: None,
        client: None,
        user_agent: "okhttp/4".to_owned(),
        network: "192.0.2.0/24".to_owned(),
    };
    let call = Observed {
        at: datetime!(2026-11-29 09:00 UTC),
        refused: false,
        is_login: false,
        user: Some(1),
        expired: None,
    };
    UsageRows::from_iter([(key, UsageCount::one(&call))])
}

#[tokio::test]
async fn usage_counts_once_whatever_became_of_the_answer_to_its_commit() {
    let server = Postgres::shared().unwrap();
    let (relay, directory, _) = site(&server).await;
    for (expected, fate) in (1..).zip(Fate::ALL) {
        let mut applied = relay.when_sent("COMMIT", 1, fate.act());
        let told = directory.add_usage(&one_call().into(), 10).await;
        applied.try_recv().unwrap();
        assert_eq!(told.is_ok(), fate.lets_arrive(), "{fate:?}: {told:?}");
        if told.is_err() {
            directory.add_usage(&one_call().into(), 10).await.unwrap();
        }
        let rows = directory.usage(datetime!(2026-11-01 0:00 UTC)).await;
        let calls: Vec<_> = rows.unwrap().values().map(|count| count.calls).collect();
        assert_eq!(calls, [expected], "{fate:?}");
    }
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_says_whether_it_was_made() {
    let server = Postgres::shared().unwrap();
    let (relay, _, address) = site(&server).await;
    // Longer than this test, so that this time-out does not end an abandoned transaction.
    let idle = "options=-c%20idle_in_transaction_session_timeout%3D1min";
    let settings = settings(&format!("{address}?{idle}"), TIMEOUT);
    let directory = PostgresDirectory::new(&settings).unwrap();
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    for fate in Fate::ALL {
        let before = directory.user(ada.id).await.unwrap().unwrap();
        let mut applied = relay.when_sent("COMMIT", 1, fate.act());
        let told = directory.set_password(ada.id, &format!("{fate:?}")).await;
        let connection = applied.try_recv().unwrap();
        assert_eq!(told.is_ok(), fate.lets_arrive(), "{fate:?}: {told:?}");
        // A COMMIT that arrives late has no effect.
        connection.go_on(Direction::Requests);
        until("nothing is held back", async || {
            connection.held(Direction::Requests) == 0
        })
        .await;
        // A lock that is still held on the server would block this change.
        let state = UserState::Active;
        directory.set_state(ada.id, state).await.unwrap();
        let after = directory.account("ada").await.unwrap().unwrap();
        let is_made = after.user.generation == before.generation + 1;
        assert_eq!(is_made, fate.lets_arrive(), "{fate:?}");
    }
}

/// Statements that an import sends while it holds its lock.
const WHILE_LOCKED: [&str; 2] = ["LOCK TABLE users", "pg_advisory_xact_lock"];

#[tokio::test]
async fn imports_give_a_silent_connection_up_by_the_time_out() {
    let server = Postgres::shared().unwrap();
    for fate in [Fate::SilentBefore, Fate::SilentAfter] {
        for statement in WHILE_LOCKED {
            let (relay, _, address) = site(&server).await;
            // A new directory has no prepared statements on its connections, so it sends their texts.
            let settings = settings(&address, TIMEOUT);
            let directory = PostgresDirectory::new(&settings).unwrap();
            let mut struck = relay.when_sent(statement, 1, fate.act());
            let applied = timeout(LIMIT, load(&directory, FILE)).await;
            assert!(applied.expect(statement).is_err(), "{statement}");
            struck.try_recv().unwrap();
            let again = timeout(LIMIT, load(&directory, FILE)).await;
            again.unwrap().unwrap();
        }
    }
}
