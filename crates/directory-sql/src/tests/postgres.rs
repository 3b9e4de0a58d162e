//! Behaviour that only PostgreSQL has: concurrent starts, and a server that stops and starts again.

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all, try_join_all};
use isogloss_core::StoreError;
use isogloss_core::directory::{Change, Directory};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, query_scalar, raw_sql};

use super::{FILE, load};
use crate::postgres::migrate::{migrate, migrations};
use crate::{PostgresDirectory, PostgresSettings};
use isogloss_testkit::Postgres;

const AT_ONCE: usize = 12;

pub(super) fn postgres(url: &str) -> PostgresDirectory {
    with_timeout(url, Duration::from_secs(10))
}

fn with_timeout(url: &str, timeout: Duration) -> PostgresDirectory {
    PostgresDirectory::new(&settings(url, timeout)).unwrap()
}

pub(super) fn settings(url: &str, timeout: Duration) -> PostgresSettings {
    PostgresSettings {
        url: url.into(),
        connections: 4,
        timeout,
        ca_file: None,
    }
}

pub(super) async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !happened().await {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn many_make_the_tables_of_an_empty_database_at_once() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let connections = (0..AT_ONCE).map(|_| PgConnection::connect(&address));
    let connections = try_join_all(connections).await.unwrap();
    let tasks = connections
        .into_iter()
        .map(|mut connection| tokio::spawn(async move { migrate(&mut connection).await }));
    for outcome in join_all(tasks).await {
        outcome.unwrap().unwrap();
    }
    let mut connection = PgConnection::connect(&address).await.unwrap();
    let applied: i64 = query_scalar("SELECT count(*) FROM _sqlx_migrations")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(
        usize::try_from(applied).unwrap(),
        migrations().iter().count()
    );
}

#[tokio::test]
async fn many_open_an_empty_database_at_once() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directories: Vec<_> = (0..AT_ONCE).map(|_| postgres(&address)).collect();
    for answer in join_all(directories.iter().map(Directory::ping)).await {
        answer.unwrap();
    }
    load(&directories[0], FILE).await.unwrap();
    for directory in &directories {
        assert!(directory.account("ada").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn connections_that_the_server_cut_off_are_replaced() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = postgres(&address);
    load(&directory, FILE).await.unwrap();
    let (_, database) = address.rsplit_once('/').unwrap();
    let cut_off = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = '{database}' AND pid <> pg_backend_pid()"
    );
    let waiting = format!(
        "SELECT count(*) > 1 FROM pg_stat_activity
         WHERE datname = '{database}' AND wait_event_type = 'Lock'"
    );
    for _ in 0..3 {
        let mut holder = PgConnection::connect(&address).await.unwrap();
        let mut lock = holder.begin().await.unwrap();
        raw_sql("LOCK TABLE users")
            .execute(&mut *lock)
            .await
            .unwrap();
        let several_wait = async {
            until("two wait", async || {
                server.sql("postgres", &waiting).unwrap() == "t"
            })
            .await;
            lock.rollback().await.unwrap();
        };
        let accounts = join_all((0..10).map(|_| directory.account("ada")));
        let (found, ()) = join(accounts, several_wait).await;
        assert!(found.into_iter().all(|found| found.unwrap().is_some()));
        let cut: u8 = server.sql("postgres", &cut_off).unwrap().parse().unwrap();
        assert!(cut > 1, "{cut}");
        let ada = directory.account("ada").await.unwrap().unwrap();
        server.sql("postgres", &cut_off).unwrap();
        directory.set_password(ada.user.id, "hash").await.unwrap();
    }
}

#[tokio::test]
async fn what_is_refused_leaves_no_lock_behind() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = postgres(&address);
    load(&directory, FILE).await.unwrap();
    let ada = directory.account("ada").await.unwrap().unwrap().user;
    let change = Change::RemoveOrganisation(ada.organisation.id);
    assert!(directory.change(change).await.is_err());
    let replaced = directory.replace_hash(ada.id, "not this", "new").await;
    assert!(!replaced.unwrap());
    let (_, database) = address.rsplit_once('/').unwrap();
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = '{database}' AND state LIKE 'idle in transaction%'"
    );
    assert_eq!(server.sql("postgres", &open).unwrap(), "0");
}

#[tokio::test]
async fn a_server_that_is_away_is_told_from_an_unknown_user_and_may_come_later() {
    let mut server = Postgres::start().unwrap();
    let address = server.new_database().unwrap();
    server.stop().unwrap();
    let directory = postgres(&address);
    let refusal = directory.account("ada").await.unwrap_err().to_string();
    assert!(refusal.starts_with("postgres directory: "), "{refusal}");
    for secret in [&*address, "geheim", "isogloss:", "test_0"] {
        assert!(!refusal.contains(secret), "{refusal}");
    }
    server.start_again().unwrap();
    until("it answers", async || directory.ping().await.is_ok()).await;
    load(&directory, FILE).await.unwrap();
    assert!(directory.account("ada").await.unwrap().is_some());
    server.stop().unwrap();
    assert!(directory.account("ada").await.is_err());
    server.start_again().unwrap();
    assert!(directory.account("ada").await.unwrap().is_some());
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_away_after_the_time_out() {
    let server = Postgres::start().unwrap();
    let address = server.new_database().unwrap();
    let directory = with_timeout(&address, Duration::from_millis(200));
    until("it is filled", async || {
        load(&directory, FILE).await.is_ok()
    })
    .await;
    let stalled = server.stall().unwrap();
    let asked = join_all((0..40).map(|_| directory.account("ada"))).await;
    let refusals = asked.into_iter().map(|answer| answer.unwrap_err());
    for refusal in refusals.map(|refusal: StoreError| refusal.to_string()) {
        let (_, place) = address.split_once('@').unwrap();
        let (place, _) = place.split_once('/').unwrap();
        assert_eq!(
            refusal,
            format!("postgres directory: {place}: no answer within 200ms")
        );
    }
    drop(stalled);
    until("it answers", async || {
        directory.account("ada").await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_question_that_waits_for_another_ends_at_the_server_too() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let directory = with_timeout(&address, Duration::from_millis(500));
    until("it is filled", async || {
        load(&directory, FILE).await.is_ok()
    })
    .await;
    let mut other = PgConnection::connect(&address).await.unwrap();
    let mut transaction = other.begin().await.unwrap();
    sqlx::query("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert!(directory.account("ada").await.is_err());
    let (_, database) = address.rsplit_once('/').unwrap();
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = '{database}' AND wait_event_type = 'Lock'"
    );
    // The lock is held until no session waits for it any more.
    until("no connection waits", async || {
        server.sql("postgres", &waiting).unwrap() == "0"
    })
    .await;
    transaction.rollback().await.unwrap();
    until("it answers", async || {
        directory.account("ada").await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_told_without_quoting_it() {
    let server = Postgres::shared().unwrap();
    let address = server.new_database().unwrap();
    let wrong = address.replace("geheim", "falsch");
    let refusal = postgres(&wrong).ping().await.unwrap_err().to_string();
    assert!(
        refusal.contains("password authentication failed"),
        "{refusal}"
    );
    assert!(!refusal.contains("falsch"), "{refusal}");
}

/// Returns the certificate of an authority, and a server certificate for 127.0.0.1 and `::1` that it has signed,
/// with its key.
pub(super) fn authority() -> (String, String, String) {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = parameters.self_signed(&key).unwrap();
    let issuer = Issuer::new(parameters, key);
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(["127.0.0.1".to_owned(), "::1".to_owned()]).unwrap();
    let signed = parameters.signed_by(&key, &issuer).unwrap();
    (certificate.pem(), signed.pem(), key.serialize_pem())
}

#[tokio::test]
async fn a_server_has_to_prove_its_name_to_who_names_an_authority() {
    let server = Postgres::start().unwrap();
    let (ours, certificate, key) = authority();
    let (another, ..) = authority();
    server.encrypt(&certificate, &key).unwrap();
    let address = server.new_database().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ping = async |address: &str, authority: &str| {
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, authority).unwrap();
        let mut settings = settings(address, Duration::from_secs(10));
        settings.ca_file = Some(file);
        let directory = PostgresDirectory::new(&settings).unwrap();
        directory.ping().await.map_err(|error| error.to_string())
    };
    ping(&address, &ours).await.unwrap();
    for mode in [
        "",
        "?sslmode=prefer",
        "?sslmode=require",
        "?sslmode=disable",
    ] {
        let refusal = ping(&format!("{address}{mode}"), &another).await;
        assert!(refusal.unwrap_err().contains("invalid peer certificate"));
    }
    let by_name = address.replace("127.0.0.1", "localhost");
    let refusal = ping(&by_name, &ours).await.unwrap_err();
    assert!(refusal.contains("not valid for name"), "{refusal}");
    let any_name = format!("{by_name}?sslmode=verify-ca");
    ping(&any_name, &ours).await.unwrap();
}
