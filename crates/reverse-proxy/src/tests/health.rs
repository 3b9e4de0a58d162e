//! Health checks.

use std::time::Duration;

use actix_web::rt::spawn;

use super::backend::Backend;
use super::calls::{get, proxy};
use crate::{AddressState, HostHeader, ReverseProxy, SendError, check_health};

async fn until(proxy: &ReverseProxy, state: AddressState) {
    while proxy.addresses()[0].state != state {
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn an_address_whose_checks_fail_gets_no_calls_until_one_succeeds() {
    let backend = Backend::listen().await;
    let mut settings = backend.settings();
    settings.health_path = Some("/health?deep=1".to_owned());
    settings.health_interval = Duration::from_millis(10);
    settings.host = HostHeader::Name("inner.example".to_owned());
    let proxy = proxy(settings);
    let worker = proxy.worker();
    let checks = spawn(check_health(proxy.clone()));
    {
        for _ in 0..2 {
            let mut peer = backend.accept().await;
            let head = peer.head().await;
            assert!(head.starts_with("GET /health?deep=1 HTTP/1.1\r\nhost: inner.example\r\n"));
            peer.send("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n")
                .await;
        }
        until(&proxy, AddressState::Unhealthy).await;
        let refused = worker.send(get("/")).await;
        assert!(matches!(refused, Err(SendError::Overloaded { .. })));
        let mut peer = backend.accept().await;
        peer.head().await;
        peer.send("HTTP/1.1 204 Fine\r\n\r\n").await;
        until(&proxy, AddressState::Available).await;
    }
    checks.abort();
}

#[actix_web::test]
async fn without_a_path_there_are_no_checks() {
    let backend = Backend::listen().await;
    // Returns instead of checking for ever.
    check_health(proxy(backend.settings())).await;
}

#[test]
fn checks_can_run_on_any_thread() {
    fn assert_send(_: &impl Send) {}
    let settings = crate::Settings::new(vec!["http://127.0.0.1:1".parse().unwrap()]);
    assert_send(&check_health(proxy(settings)));
}
