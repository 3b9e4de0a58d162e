//! One connection of each kind goes silent: TCP is alive, and nothing comes.
//!
//! `ISOGLOSS_SILENCE` sets for how many seconds. What is asked later than the configured time-out and a second
//! after the silence began is answered as ever, while the connection is still silent, and nothing is refused at
//! any time.

mod site;

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;

use conformance::relay::Relay;

use self::site::{Probe, Site};

fn a_worker() {
    let site = Site::redis(&[]);
    let silent = site.used_by(0, Probe::Check);
    site.outlives("a worker's connection to Redis", &silent, Probe::Check);
}

fn a_tracker() {
    let site = Site::redis(&[]);
    site.outlives(
        "the tracker's connection to Redis",
        &site.tracker(0),
        Probe::Check,
    );
}

fn a_tracker_that_all_ask_by() {
    let site = Site::redis(&[("TOKENS__REDIS_WORKER_CONNECTIONS", "false")]);
    site.outlives(
        "the tracker's connection, shared by all",
        &site.tracker(0),
        Probe::Check,
    );
}

fn the_pool() {
    let site = Site::redis(&[]);
    let silent = site.used_by(0, Probe::Login);
    site.outlives("a pooled connection to Redis", &silent, Probe::Login);
}

fn a_node_of_a_cluster() {
    let site = Site::cluster();
    let silent = site.used_by(1, Probe::Login);
    site.outlives(
        "the connection to a node of a cluster",
        &silent,
        Probe::Login,
    );
}

fn a_tracker_in_a_cluster() {
    let site = Site::cluster();
    site.outlives(
        "the tracker's connection to a node",
        &site.tracker(1),
        Probe::Login,
    );
}

fn postgres() {
    let site = Site::postgres();
    let silent = site.used_by(0, Probe::Login);
    site.outlives("a connection to PostgreSQL", &silent, Probe::Login);
}

/// There is one for each e-mail: it goes silent with the e-mail under way, and others go by others.
fn the_mail_server() {
    let site = Site::mail();
    let relay = &site.relays[0];
    relay.stall();
    site.ask_for_email();
    let silent = relay.wait_for("a mail connection", |_| true).unwrap();
    silent.silence();
    relay.go_on();
    site.outlives("a connection to the mail server", &silent, Probe::Email);
}

fn a_client() {
    let mut site = Site::mail();
    let relay = Relay::to(site.gateway.public().port()).unwrap();
    let mut client = TcpStream::connect(relay.address()).unwrap();
    client
        .write_all(b"POST /v2/authorize HTTP/1.1\r\n")
        .unwrap();
    let silent = relay
        .wait_for("a client", |one| one.has_sent("POST"))
        .unwrap();
    site.relays.push(relay);
    site.outlives("a client in the middle of a request", &silent, Probe::Login);
}

/// All at the same time, each at a gateway of its own.
#[test]
fn what_is_asked_after_the_time_out_and_a_second_is_answered_though_a_connection_is_silent() {
    let kinds = [
        a_worker,
        a_tracker,
        a_tracker_that_all_ask_by,
        the_pool,
        a_node_of_a_cluster,
        a_tracker_in_a_cluster,
        postgres,
        the_mail_server,
        a_client,
    ];
    let failed = thread::scope(|scope| {
        let running = kinds.map(|kind| scope.spawn(kind));
        running.map(|one| one.join().is_err())
    });
    let failed = failed.iter().filter(|failed| **failed).count();
    assert_eq!(failed, 0, "{failed} of {} kinds", kinds.len());
}
