//! Diagnoses of addresses that respond, and of those that do not.

use std::time::Duration;

use tokio::join;

use super::backend::Backend;
use super::calls::proxy;
use crate::{Address, HostHeader, Settings};

/// Returns what a diagnosis says of a server that sends these bytes.
async fn reason(response: &str) -> Result<u16, String> {
    let backend = Backend::listen().await;
    let proxy = proxy(backend.settings());
    let server = async {
        let mut peer = backend.accept().await;
        let head = peer.head().await;
        assert!(head.starts_with("GET /health HTTP/1.1\r\nhost: login.example.com\r\n"));
        peer.send(response).await;
    };
    let (diagnoses, ()) = join!(proxy.diagnose("/health", "login.example.com"), server);
    diagnoses[0].response.clone()
}

#[actix_web::test]
async fn any_status_shows_that_an_address_responds() {
    let response = "HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(reason(response).await, Ok(404));
}

#[actix_web::test]
async fn a_response_that_is_not_http_is_named() {
    let reason = reason("SSH-2.0-OpenSSH_9.2\r\n").await.unwrap_err();
    assert!(
        reason.starts_with("the response is not HTTP/1.1: "),
        "{reason}"
    );
}

#[actix_web::test]
async fn addresses_are_diagnosed_one_by_one_with_their_causes() {
    let (plain, without_tls) = (Backend::listen().await, Backend::listen().await);
    let absent: Address = "unix:/nowhere/at/all.sock".parse().unwrap();
    let tls = Address::Https(without_tls.host_port());
    let addresses = [plain.address(), absent, tls];
    let mut settings = Settings::new(addresses.to_vec());
    settings.host = HostHeader::Backend;
    let proxy = proxy(settings);
    let first = async {
        let mut peer = plain.accept().await;
        peer.head().await;
        peer.send("HTTP/1.1 204 Fine\r\n\r\n").await;
    };
    let second = async {
        let mut peer = without_tls.accept().await;
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        peer
    };
    let (diagnoses, (), _peer) = join!(proxy.diagnose("/", "login.example.com"), first, second);
    let diagnosed = diagnoses.iter().map(|found| (*found.address).clone());
    assert_eq!(diagnosed.collect::<Vec<_>>(), addresses);
    assert_eq!(diagnoses[0].response, Ok(204));
    let reason = |index: usize| diagnoses[index].response.clone().unwrap_err();
    assert!(
        reason(1).starts_with("connecting: No such file"),
        "{}",
        reason(1)
    );
    assert!(reason(2).starts_with("TLS: "), "{}", reason(2));
}

#[actix_web::test]
async fn a_server_that_says_nothing_is_given_up() {
    let backend = Backend::listen().await;
    let mut settings = backend.settings();
    settings.response_timeout = Duration::from_millis(10);
    let proxy = proxy(settings);
    let (diagnoses, _peer) = join!(proxy.diagnose("/", ""), backend.accept());
    let expected = Err("no response within 10ms".to_owned());
    assert_eq!(diagnoses[0].response, expected);
}
