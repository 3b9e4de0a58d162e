//! What the relay does to the connections between a client and a server of the test.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::{Connection, Cut, Direction, Relay};

const PATIENCE: Duration = Duration::from_secs(30);
/// How long it is watched that nothing comes.
const GLANCE: Duration = Duration::from_millis(50);

/// A relay and the server that it connects to.
struct Site {
    server: TcpListener,
    relay: Relay,
}

/// Both ends of a connection, and the relay's part of it.
struct Ends {
    client: TcpStream,
    server: TcpStream,
    relayed: Connection,
}

impl Site {
    fn new() -> Self {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay::to(server.local_addr().unwrap().port()).unwrap();
        Self { server, relay }
    }

    fn connect(&self) -> Ends {
        let client = TcpStream::connect(self.relay.address()).unwrap();
        let (server, _) = self.server.accept().unwrap();
        for stream in [&client, &server] {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        let address = client.local_addr().unwrap();
        let is_it = |one: &Connection| one.client() == address;
        let relayed = self.relay.wait_for("the client", is_it).unwrap();
        Ends {
            client,
            server,
            relayed,
        }
    }
}

fn send(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
}

fn receive(stream: &mut TcpStream, expected: &str) {
    let mut received = vec![0; expected.len()];
    stream.read_exact(&mut received).unwrap();
    assert_eq!(String::from_utf8(received).unwrap(), expected);
}

fn assert_nothing_comes(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(GLANCE)).unwrap();
    let error = stream.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
}

fn assert_reset(stream: &mut TcpStream) {
    let error = stream.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn bytes_and_the_ends_of_streams_pass() {
    let site = Site::new();
    let mut ends = site.connect();
    send(&mut ends.client, "question");
    receive(&mut ends.server, "question");
    ends.client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(ends.server.read(&mut [0]).unwrap(), 0);
    send(&mut ends.server, "answer");
    receive(&mut ends.client, "answer");
    let has_passed = |one: &Connection| one.passed(Direction::Requests) == 8;
    site.relay.wait_for("all passes", has_passed).unwrap();
    drop(ends.server);
    assert_eq!(ends.client.read(&mut [0]).unwrap(), 0);
    ends.relayed.wait_until_ended().unwrap();
    assert!(site.relay.connections().is_empty());
}

#[test]
fn a_stalled_connection_holds_its_bytes_while_others_go_on() {
    let site = Site::new();
    let (mut one, mut other) = (site.connect(), site.connect());
    one.relayed.stall(Direction::Requests);
    send(&mut one.client, "held");
    one.relayed.wait_until_held(Direction::Requests).unwrap();
    send(&mut other.client, "passes");
    receive(&mut other.server, "passes");
    assert_nothing_comes(&mut one.server);
    one.relayed.go_on(Direction::Requests);
    receive(&mut one.server, "held");
}

#[test]
fn with_answers_stalled_requests_arrive() {
    let site = Site::new();
    let mut ends = site.connect();
    ends.relayed.stall(Direction::Responses);
    send(&mut ends.client, "question");
    receive(&mut ends.server, "question");
    send(&mut ends.server, "answer");
    assert_nothing_comes(&mut ends.client);
    ends.relayed.go_on(Direction::Responses);
    receive(&mut ends.client, "answer");
}

#[test]
fn a_stalled_relay_takes_connections_and_hands_nothing_on() {
    let site = Site::new();
    site.relay.stall();
    let mut ends = site.connect();
    send(&mut ends.client, "held");
    ends.relayed.wait_until_held(Direction::Requests).unwrap();
    assert_nothing_comes(&mut ends.server);
    site.relay.go_on();
    receive(&mut ends.server, "held");
}

#[test]
fn a_cut_is_a_reset_or_an_end_for_both_sides() {
    let site = Site::new();
    let mut reset = site.connect();
    reset.relayed.cut(Cut::Reset);
    assert_reset(&mut reset.client);
    assert_reset(&mut reset.server);
    let mut closed = site.connect();
    // What is held is lost, and a stall delays no cut.
    closed.relayed.stall(Direction::Requests);
    send(&mut closed.client, "lost");
    closed.relayed.wait_until_held(Direction::Requests).unwrap();
    closed.relayed.cut(Cut::Close);
    assert_eq!(closed.client.read(&mut [0]).unwrap(), 0);
    assert_eq!(closed.server.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_lost_answer_was_given_and_its_client_is_reset() {
    let site = Site::new();
    let mut ends = site.connect();
    ends.relayed.lose(Direction::Responses);
    send(&mut ends.client, "question");
    receive(&mut ends.server, "question");
    send(&mut ends.server, "answer");
    assert_reset(&mut ends.client);
}

#[test]
fn delayed_bytes_come_no_sooner_than_their_delay() {
    const DELAY: Duration = Duration::from_millis(20);
    let site = Site::new();
    let mut ends = site.connect();
    ends.relayed.delay(Direction::Requests, DELAY);
    let sent = Instant::now();
    send(&mut ends.client, "late");
    receive(&mut ends.server, "late");
    assert!(sent.elapsed() >= DELAY);
}

#[test]
fn held_bytes_are_released_in_the_order_that_is_given() {
    let site = Site::new();
    let mut all = [site.connect(), site.connect(), site.connect()];
    for ends in &mut all {
        ends.relayed.stall(Direction::Requests);
        send(&mut ends.client, "one");
        ends.relayed.wait_until_held(Direction::Requests).unwrap();
    }
    let order = [2, 0].map(|index| all[index].relayed.clone());
    site.relay.release(&order, Direction::Requests).unwrap();
    receive(&mut all[2].server, "one");
    receive(&mut all[0].server, "one");
    assert_nothing_comes(&mut all[1].server);
}

#[test]
fn a_connection_is_known_by_what_it_sent() {
    let site = Site::new();
    let (_quiet, mut talking) = (site.connect(), site.connect());
    send(&mut talking.client, "CLIENT TRACK");
    send(&mut talking.client, "ING ON");
    let sent_it = |one: &Connection| one.has_sent("CLIENT TRACKING");
    let found = site.relay.wait_for("tracking", sent_it).unwrap();
    assert_eq!((found.number(), site.relay.arrived()), (2, 2));
}

#[test]
fn a_rule_is_for_the_nth_time_that_its_text_is_sent_and_for_no_other() {
    let site = Site::new();
    let (mut one, mut other) = (site.connect(), site.connect());
    let stalled = site
        .relay
        .when_sent("GET", 3, |one| one.stall(Direction::Requests));
    let mut lost = site
        .relay
        .when_sent("DEL", 1, |one| one.lose(Direction::Responses));
    send(&mut one.client, "GET GET");
    receive(&mut one.server, "GET GET");
    // In two pieces.
    send(&mut other.client, "G");
    receive(&mut other.server, "G");
    send(&mut other.client, "ET");
    let stalled = stalled.blocking_recv().unwrap();
    assert_eq!(stalled.number(), 2);
    assert_nothing_comes(&mut other.server);
    stalled.go_on(Direction::Requests);
    receive(&mut other.server, "ET");
    send(&mut other.client, "GET");
    receive(&mut other.server, "GET");
    assert!(lost.try_recv().is_err());
    send(&mut one.client, "DEL");
    receive(&mut one.server, "DEL");
    assert_eq!(lost.try_recv().unwrap().number(), 1);
    send(&mut one.server, "answer");
    assert_reset(&mut one.client);
}

#[test]
fn a_connection_is_silent_after_a_request_has_passed() {
    let site = Site::new();
    let mut one = site.connect();
    let silent = site
        .relay
        .when_sent("COMMIT", 1, Connection::silence_after_request);
    send(&mut one.client, "COMMIT");
    receive(&mut one.server, "COMMIT");
    silent.blocking_recv().unwrap();
    send(&mut one.server, "done");
    assert_nothing_comes(&mut one.client);
    send(&mut one.client, "more");
    assert_nothing_comes(&mut one.server);
}

#[test]
fn connections_lead_to_another_server_from_then_on() {
    let site = Site::new();
    let mut old = site.connect();
    let next = TcpListener::bind("127.0.0.1:0").unwrap();
    site.relay.lead_to(next.local_addr().unwrap().port());
    let mut client = TcpStream::connect(site.relay.address()).unwrap();
    let (mut server, _) = next.accept().unwrap();
    send(&mut client, "next");
    receive(&mut server, "next");
    send(&mut old.client, "old");
    receive(&mut old.server, "old");
}
