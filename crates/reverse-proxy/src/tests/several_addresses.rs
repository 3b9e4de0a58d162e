//! Back ends of several addresses, of which some fail.

use std::time::Duration;

use tokio::join;

use super::backend::Backend;
use super::calls::{body_of, get, proxy, worker};
use crate::{Address, AddressState, ReverseProxy, SendError, Settings};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Returns an address that refuses connections.
async fn dead() -> Address {
    let address = Backend::listen().await.address();
    assert!(matches!(address, Address::Http(_)));
    address
}

fn states(proxy: &ReverseProxy) -> Vec<AddressState> {
    let statuses = proxy.addresses().into_iter();
    statuses.map(|status| status.state).collect()
}

#[actix_web::test]
async fn a_call_goes_to_another_address_if_one_cannot_be_reached() {
    let backend = Backend::listen().await;
    let live = backend.address();
    let mut settings = Settings::new(vec![dead().await, live.clone(), dead().await]);
    settings.failures = 1;
    let proxy = proxy(settings);
    let worker = proxy.worker();
    actix_web::rt::spawn(backend.answer_always(OK));
    for _ in 0..5 {
        let reply = worker.send(get("/")).await.unwrap();
        assert_eq!(*reply.address, live);
        assert_eq!(body_of(reply).await.unwrap(), "ok");
    }
    let expected = [
        AddressState::Ejected,
        AddressState::Available,
        AddressState::Ejected,
    ];
    assert_eq!(states(&proxy), expected);
}

#[actix_web::test]
async fn a_back_end_of_dead_addresses_is_unreachable_and_then_gets_no_calls() {
    let mut settings = Settings::new(vec![dead().await, dead().await]);
    settings.failures = 1;
    settings.recovery = Duration::from_mins(1);
    let worker = worker(settings);
    let first = worker.send(get("/")).await;
    assert!(matches!(first, Err(SendError::Unreachable)));
    let second = worker.send(get("/")).await;
    let Err(SendError::Overloaded { retry_after }) = second else {
        panic!("the addresses were tried again");
    };
    assert!(retry_after <= Duration::from_mins(1));
    assert!(retry_after > Duration::from_secs(1));
}

#[actix_web::test]
async fn calls_go_to_the_address_with_the_fewest() {
    let (first, second) = (Backend::listen().await, Backend::listen().await);
    let settings = Settings::new(vec![first.address(), second.address()]);
    let proxy = proxy(settings);
    let worker = proxy.worker();
    let slow = async { body_of(worker.send(get("/slow")).await.unwrap()).await };
    let fast = async {
        // After the slow call has begun.
        while proxy.addresses().iter().all(|status| status.in_flight == 0) {
            tokio::task::yield_now().await;
        }
        let busy = proxy.addresses();
        let busy = busy.iter().position(|status| status.in_flight == 1);
        let mut addresses = Vec::new();
        for _ in 0..4 {
            let reply = worker.send(get("/fast")).await.unwrap();
            addresses.push(reply.address.to_string());
            body_of(reply).await.unwrap();
        }
        let idle = 1 - busy.unwrap();
        let idle = proxy.addresses()[idle].address.to_string();
        assert!(addresses.iter().all(|address| *address == idle));
    };
    let server = async {
        // The first call goes to the first address.
        let mut slow = first.accept().await;
        let mut fast = second.accept().await;
        for _ in 0..4 {
            assert!(fast.head().await.starts_with("GET /fast"));
            fast.send(OK).await;
        }
        slow.head().await;
        slow.send(OK).await;
    };
    join!(slow, fast, server);
}

#[actix_web::test]
async fn an_address_that_fails_too_often_gets_one_call_after_its_recovery() {
    let backend = Backend::listen().await;
    let mut settings = backend.settings();
    settings.failures = 2;
    settings.recovery = Duration::from_millis(50);
    let proxy = proxy(settings);
    let worker = proxy.worker();
    let client = async {
        for _ in 0..2 {
            let reply = worker.send(get("/fail")).await;
            assert!(matches!(reply, Err(SendError::InvalidResponse)));
        }
        assert_eq!(states(&proxy), [AddressState::Ejected]);
        // Refused without a request until then.
        let reply = loop {
            match worker.send(get("/probe")).await {
                Err(SendError::Overloaded { .. }) => tokio::task::yield_now().await,
                reply => break reply.unwrap(),
            }
        };
        body_of(reply).await.unwrap();
        assert_eq!(states(&proxy), [AddressState::Available]);
    };
    let server = async {
        for _ in 0..2 {
            let mut peer = backend.accept().await;
            assert!(peer.head().await.starts_with("GET /fail"));
            peer.send("nonsense\r\n\r\n").await;
        }
        let mut peer = backend.accept().await;
        assert!(peer.head().await.starts_with("GET /probe"));
        peer.send(OK).await;
    };
    join!(client, server);
}

#[actix_web::test]
async fn responses_of_any_status_are_no_failures() {
    let backend = Backend::listen().await;
    let mut settings = backend.settings();
    settings.failures = 1;
    let proxy = proxy(settings);
    let worker = proxy.worker();
    actix_web::rt::spawn(backend.answer_always("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"));
    for _ in 0..3 {
        let reply = worker.send(get("/")).await.unwrap();
        assert_eq!(reply.response.status(), 500);
    }
    assert_eq!(states(&proxy), [AddressState::Available]);
}

#[actix_web::test]
async fn a_back_end_can_listen_on_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backend.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let address: Address = format!("unix:{}", path.display()).parse().unwrap();
    let worker = worker(Settings::new(vec![address]));
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = super::backend::Peer::new(stream);
        assert!(peer.head().await.starts_with("GET / HTTP/1.1"));
        peer.send(OK).await;
    };
    let client = async { body_of(worker.send(get("/")).await.unwrap()).await };
    let (body, ()) = join!(client, server);
    assert_eq!(body.unwrap(), "ok");
}
