//! One connection of each kind goes silent: TCP is alive, but no data arrives.
//!
//! `ISOGLOSS_SILENCE` sets the number of seconds. Each request gets a response within the configured time-out and
//! a second. After that time all responses are right again, while the connection is still silent. No request is
//! refused at any time. The test also asserts that the silence affected the gateway.

mod probe;
mod site;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use isogloss_testkit::relay::{Connection, Direction, Relay};
use isogloss_testkit::servers::SentinelServers;

use self::probe::Probe;
use self::site::Site;

/// How long a client waits until the gateway has closed its connection.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Silences a connection to a sentinel, which is queried whenever a connection to the primary is made.
fn a_sentinel() {
    let mut servers = SentinelServers::start(None, &[]).unwrap();
    let site = Site::sentinels(&mut servers);
    let is_asked = |one: &Connection| one.has_sent("GET-MASTER-ADDR-BY-NAME");
    let primary = servers.primary().unwrap();
    let silent = loop {
        let found = site.relays[0].wait_for("a query", is_asked).unwrap();
        found.stall(Direction::Requests);
        primary.ask(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
        while found.is_open() && found.held(Direction::Requests) == 0 {
            site.ask(Probe::Login);
        }
        if found.held(Direction::Requests) > 0 {
            break found;
        }
        // The gateway closed it: the two other sentinels had responded first to the query that was seen.
    };
    site.outlives("the connection to a sentinel", &silent, Probe::Login);
}

fn postgres() {
    let site = Site::postgres();
    let silent = site.used_by(0, Probe::Login);
    site.outlives("a connection to PostgreSQL", &silent, Probe::Login);
}

/// Silences the connection of the current e-mail. Later e-mails use other connections.
fn the_mail_server() {
    let site = Site::mail();
    let relay = &site.relays[0];
    relay.stall();
    site.ask_for_email();
    let silent = relay.wait_for("a mail connection", |_| true).unwrap();
    silent.silence();
    relay.go_on();
    let what = "a connection to the mail server";
    let is_given_up = || site.gateway.logs("no response within 3s (mail.timeout)");
    site.outlives_as_seen_by(what, &silent, Probe::Email, is_given_up);
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
    let what = "a client in the middle of a request";
    let is_answered = || silent.wait_until_held(Direction::Responses).is_ok();
    site.outlives_as_seen_by(what, &silent, Probe::Login, is_answered);
    let mut answer = String::new();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

/// Runs all kinds concurrently, each at a gateway of its own.
#[test]
fn what_is_asked_after_the_time_out_and_a_second_is_answered_though_a_connection_is_silent() {
    let kinds = [
        a_worker,
        a_tracker,
        a_tracker_that_all_ask_by,
        the_pool,
        a_node_of_a_cluster,
        a_tracker_in_a_cluster,
        a_sentinel,
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
