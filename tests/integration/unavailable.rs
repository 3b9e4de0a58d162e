//! An unreachable store: the errors of each dialect, and the gateway after recovery.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::dialects::{HeldToken, TestUser};
use isogloss_testkit::{Gateway, Request};

const PATIENCE: Duration = Duration::from_secs(30);

/// Checks that the process is healthy, and the status of its readiness, which depends on its stores.
pub(crate) fn assert_health(gateway: &Gateway, ready: u16) {
    let status = |path: &str| {
        Request::get(path)
            .send(gateway.management())
            .unwrap()
            .status
    };
    assert_eq!((status("/healthz"), status("/readyz")), (200, ready));
}

/// Waits until logins work again, then issues every kind of token and presents it.
pub(crate) fn assert_well_again(gateway: &Gateway) {
    let server = gateway.public();
    wait_until("a login works again", || {
        let (_, login) = TestUser::admin().logins().swap_remove(0);
        let answer = login.send(server).unwrap();
        assert!([200, 503].contains(&answer.status), "{}", answer.text());
        answer.status == 200
    });
    let tokens = TestUser::admin().every_token(server).unwrap();
    assert_live(server, &tokens);
    assert_health(gateway, 200);
}

pub(crate) fn assert_live(server: SocketAddr, tokens: &[HeldToken]) {
    for held in tokens {
        if let Some(request) = held.presented() {
            let answer = request.send(server).unwrap();
            assert_eq!(answer.status, 200, "{:?}: {}", held.kind, answer.text());
        }
    }
}

fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
