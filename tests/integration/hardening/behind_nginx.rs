//! Behind nginx, the gateway processes exactly the requests that nginx forwarded.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Gateway, Request};
use serde_json::Value;

use crate::hardening::connection_probes::all;
use crate::hardening::nginx::Front;
use isogloss_testkit::raw_http;

use crate::hardening::{assert_served, impatient};

const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(50);

/// Returns the identifiers of all requests that the gateway has processed.
fn seen(gateway: &Gateway) -> BTreeSet<String> {
    let log = gateway.log();
    let lines = log.iter().map(|line| serde_json::from_str::<Value>(line));
    let ids = lines.filter_map(|line| {
        let id = line.ok()?.pointer("/span/request_id")?.as_str()?.to_owned();
        Some(id)
    });
    ids.collect()
}

/// Sends all ambiguous messages, and concurrently the requests of other clients.
fn probe(front: SocketAddr) {
    thread::scope(|scope| {
        for probe in all() {
            scope.spawn(move || {
                let mut stream = raw_http::send(front, &probe.message);
                raw_http::until_closed(&mut stream);
            });
            scope.spawn(move || {
                let answer = Request::get("/v2/hello").send(front).unwrap();
                assert_eq!(answer.status, 200, "another client's response: {answer:?}");
            });
        }
    });
}

#[test]
fn no_hidden_request_passes_through_nginx() {
    let gateway = impatient()
        .env("ISOGLOSS__SERVER__KEEP_ALIVE", "30s")
        .start()
        .unwrap();
    let front = Front::start(gateway.public()).unwrap();
    probe(front.keeping);
    probe(front.closing);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let forwarded = front.forwarded();
        let (asked, seen) = (BTreeSet::from_iter(forwarded.clone()), seen(&gateway));
        if asked == seen {
            // Each response belongs to one request.
            assert_eq!(asked.len(), forwarded.len());
            assert!(asked.len() > all().len());
            break;
        }
        assert!(Instant::now() < deadline, "{asked:?}\n{seen:?}");
        thread::sleep(GLANCE);
    }
    assert_served(&gateway);
}
