//! Requests end exactly where RFC 9112 says, or the connection is closed.

use std::net::SocketAddr;
use std::thread;

use crate::hardening::connection_probes::{Probe, all};
use isogloss_testkit::raw_http;

use crate::hardening::{assert_served, impatient};

fn statuses(server: SocketAddr, probe: &Probe) -> Vec<u16> {
    let mut stream = raw_http::send(server, &probe.message);
    let answers = raw_http::parse_responses(&raw_http::until_closed(&mut stream));
    answers.iter().map(|answer| answer.status).collect()
}

#[test]
fn nothing_is_hidden_in_a_request() {
    let gateway = impatient().start().unwrap();
    let server = gateway.public();
    thread::scope(|scope| {
        for probe in all() {
            scope.spawn(move || {
                let statuses = statuses(server, &probe);
                assert_eq!(statuses, probe.answers, "{}", probe.name);
            });
        }
    });
    assert_served(&gateway);
}
