use ldap3::parse_filter;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};

use super::*;
use crate::request::Depth;

const FOUND_NOTHING: [u8; 14] = [0x30, 12, 2, 1, 2, 0x65, 7, 10, 1, 0, 4, 0, 4, 0];

fn connection() -> (Connection, DuplexStream) {
    let (ours, theirs) = duplex(10_000);
    (Connection::new(Box::new(ours), String::new()), theirs)
}

async fn search(connection: &mut Connection) -> Result<Found, Cause> {
    let search = Search {
        base: "dc=example",
        depth: Depth::Subtree,
        filter: parse_filter("(uid=a)").unwrap(),
        attributes: &["1.1"],
        limit: 1,
        page: None,
    };
    connection.search(search).await
}

#[tokio::test]
async fn connection_is_usable_after_a_whole_answer() {
    let (mut connection, mut server) = connection();
    assert!(connection.is_usable());
    server.write_all(&FOUND_NOTHING).await.unwrap();
    assert!(search(&mut connection).await.unwrap().entries.is_empty());
    assert!(connection.is_usable());
}

#[tokio::test]
async fn connection_is_not_usable_if_something_is_in_it_or_under_way() {
    let (mut connection, mut server) = connection();
    server.write_all(&FOUND_NOTHING).await.unwrap();
    assert!(!connection.is_usable(), "an answer that was not asked for");

    let (mut connection, server) = self::connection();
    drop(server);
    assert!(!connection.is_usable(), "closed by the server");

    let (mut connection, server) = self::connection();
    assert!(search(&mut connection).now_or_never().is_none());
    assert!(!connection.is_usable(), "an abandoned search");
    drop(server);
}

#[tokio::test]
async fn empty_name_or_password_is_never_sent() {
    let (mut connection, mut server) = connection();
    for (dn, password) in [("", "a"), ("cn=a", "")] {
        let cause = connection.bind(dn, &password.into()).await.unwrap_err();
        assert_eq!(cause.kind, CauseKind::Configuration);
    }
    drop(connection);
    let mut sent = Vec::new();
    server.read_to_end(&mut sent).await.unwrap();
    assert!(sent.is_empty());
}

#[tokio::test]
async fn end_of_a_connection_is_said() {
    let (connection, mut server) = connection();
    connection.close().await;
    let mut sent = Vec::new();
    server.read_to_end(&mut sent).await.unwrap();
    assert_eq!(sent, [0x30, 5, 2, 1, 2, 0x42, 0]);
}
