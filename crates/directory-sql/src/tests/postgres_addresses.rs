//! Addresses that work with a real server: IPv6, several servers, names that must be escaped.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::try_join_all;
use isogloss_core::directory::Directory;

use super::postgres::{authority, settings, until};
use crate::PostgresDirectory;
use isogloss_testkit::Postgres;

const LIMIT: Duration = Duration::from_secs(10);

async fn ping(url: &str, ca_file: Option<PathBuf>) -> Result<(), String> {
    let mut settings = settings(url, LIMIT);
    settings.ca_file = ca_file;
    let directory = PostgresDirectory::new(&settings).map_err(|error| error.to_string())?;
    directory.ping().await.map_err(|error| error.to_string())
}

/// Returns three parts of an address: the user with the password (`user:password`), the port, and the database.
fn parts(address: &str) -> (String, String, String) {
    let rest = address.strip_prefix("postgres://").unwrap();
    let (user, rest) = rest.split_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let port = server.rsplit(':').next().unwrap();
    (user.to_owned(), port.to_owned(), database.to_owned())
}

#[tokio::test]
async fn a_server_is_reached_by_its_ipv6_address_in_every_form() {
    let server = Postgres::start().unwrap();
    let (user, port, database) = parts(&server.new_database().unwrap());
    let forms = [
        format!("postgres://{user}@[::1]:{port}/{database}?"),
        format!("postgres://{user}@/{database}?host=::1&port={port}&"),
        format!("postgres://{user}@/{database}?hostaddr=::1&port={port}&"),
        format!("postgres://{user}@localhost:{port}/{database}?hostaddr=::1&"),
    ];
    for form in &forms {
        assert_eq!(ping(form, None).await, Ok(()), "{form}");
    }
    let (ours, certificate, key) = authority();
    let (another, ..) = authority();
    server.encrypt(&certificate, &key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let (ours, another) = (file("ours", &ours), file("another", &another));
    for form in &forms {
        let require = format!("{form}sslmode=require");
        assert_eq!(ping(&require, None).await, Ok(()), "{require}");
        let anybody = format!("{form}sslmode=verify-ca&sslrootcert={}", ours.display());
        assert_eq!(ping(&anybody, None).await, Ok(()), "{anybody}");
        let stranger = format!("{form}sslmode=verify-ca&sslrootcert={}", another.display());
        let refusal = ping(&stranger, None).await.unwrap_err();
        assert!(refusal.contains("invalid peer certificate"), "{refusal}");
    }
    for form in &forms[..3] {
        assert_eq!(ping(form, Some(ours.clone())).await, Ok(()), "{form}");
        let refusal = ping(form, Some(another.clone())).await.unwrap_err();
        assert!(refusal.contains("invalid peer certificate"), "{refusal}");
    }
}

#[tokio::test]
async fn names_and_passwords_that_must_be_escaped_reach_the_server_as_they_are() {
    let server = Postgres::shared().unwrap();
    let (_, port, _) = parts(&server.new_database().unwrap());
    server
        .sql(
            "postgres",
            r#"CREATE ROLE "a+b c" LOGIN PASSWORD '+%2B@: /?#é'"#,
        )
        .unwrap();
    server
        .sql("postgres", r#"CREATE DATABASE "d+%2B e" OWNER "a+b c""#)
        .unwrap();
    let password = "+%252B%40%3A%20%2F%3F%23%C3%A9";
    let url = format!("postgres://a+b%20c:{password}@127.0.0.1:{port}/d+%252B%20e");
    assert_eq!(ping(&url, None).await, Ok(()));
    let url = format!("postgres://:{password}@127.0.0.1:{port}/?user=a+b%20c&dbname=d+%252B%20e");
    assert_eq!(ping(&url, None).await, Ok(()));
}

#[tokio::test]
async fn the_first_server_that_answers_and_fits_is_used() {
    let mut away = Postgres::start().unwrap();
    let (_, dead, _) = parts(&away.new_database().unwrap());
    away.stop().unwrap();
    let server = Postgres::shared().unwrap();
    let (user, port, database) = parts(&server.new_database().unwrap());
    let both = format!("postgres://{user}@127.0.0.1:{dead},[::1]:{port}/{database}");
    assert_eq!(ping(&both, None).await, Ok(()));
    for fits in ["any", "read-write", "primary", "prefer-standby"] {
        let url = format!("{both}?target_session_attrs={fits}");
        assert_eq!(ping(&url, None).await, Ok(()), "{fits}");
    }
    for (unfit, reason) in [
        ("standby", "the server is not a standby"),
        ("read-only", "the server is not read-only"),
    ] {
        let url = format!("{both}?target_session_attrs={unfit}");
        let refusal = ping(&url, None).await.unwrap_err();
        assert!(refusal.contains(reason), "{refusal}");
    }
    let stalled = server_that_never_answers();
    let url = format!(
        "postgres://u@{}/d?connect_timeout=1",
        stalled.local_addr().unwrap()
    );
    let refusal = ping(&url, None).await.unwrap_err();
    let (place, _) = url
        .strip_prefix("postgres://u@")
        .unwrap()
        .split_once('/')
        .unwrap();
    assert_eq!(
        refusal,
        format!(
            "postgres directory: error communicating with database: {place}: no connection within 1s \
             (connect_timeout)"
        )
    );
}

#[tokio::test]
async fn a_first_server_that_never_answers_leaves_time_for_the_next_one() {
    let stalled = server_that_never_answers();
    let stalled = stalled.local_addr().unwrap();
    let server = Postgres::shared().unwrap();
    let (user, port, database) = parts(&server.new_database().unwrap());
    let both = format!("postgres://{user}@{stalled},127.0.0.1:{port}/{database}");
    let migrated = ["any", "primary", "prefer-standby"].map(|fits| {
        let url = format!("{both}?target_session_attrs={fits}");
        let settings = settings(&url, Duration::from_secs(4));
        async move { PostgresDirectory::migrate(&settings).await }
    });
    try_join_all(migrated).await.unwrap();
    let directory = PostgresDirectory::new(&settings(&both, Duration::from_secs(2))).unwrap();
    // The first query may spend its time waiting for the check of the tables.
    let answers = async || directory.ping().await.is_ok();
    until("the second server is used", answers).await;
}

#[tokio::test]
async fn servers_that_cannot_be_reached_are_named_without_credentials() {
    let mut away = Postgres::start().unwrap();
    let (_, port, _) = parts(&away.new_database().unwrap());
    away.stop().unwrap();
    let refused = "Connection refused (os error 111)";
    for (hosts, reason) in [
        (
            format!("127.0.0.1:{port}"),
            format!("127.0.0.1:{port}: {refused}"),
        ),
        (format!("[::1]:{port}"), format!("[::1]:{port}: {refused}")),
        (
            format!("127.0.0.1:{port},[::1]:{port}"),
            format!(
                "127.0.0.1:{port}: error communicating with database: {refused}; [::1]:{port}: {refused}"
            ),
        ),
    ] {
        let refusal = ping(&format!("postgres://u:geheim@{hosts}/d"), None).await;
        let expected = format!("postgres directory: error communicating with database: {reason}");
        assert_eq!(refusal.unwrap_err(), expected);
    }
    let nowhere = ping("postgres://u:geheim@nowhere.invalid:7/d", None).await;
    let place = "postgres directory: error communicating with database: nowhere.invalid:7: failed to lookup";
    assert!(
        nowhere.clone().unwrap_err().starts_with(place),
        "{nowhere:?}"
    );
    let server = Postgres::shared().unwrap();
    let (_, port, database) = parts(&server.new_database().unwrap());
    let refusal = ping(
        &format!("postgres://isogloss:wrong@127.0.0.1:{port}/{database}"),
        None,
    )
    .await;
    let expected = format!(
        "postgres directory: 127.0.0.1:{port}: password authentication failed for user \"isogloss\" \
         (SQLSTATE 28P01)"
    );
    assert_eq!(refusal.unwrap_err(), expected);
}

/// Returns a listener that accepts connections only into its backlog, and never responds.
fn server_that_never_answers() -> std::net::TcpListener {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap()
}
