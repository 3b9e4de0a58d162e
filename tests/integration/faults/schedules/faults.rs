//! Faults of the connections between gateways and servers.

use std::thread;
use std::time::Duration;

use isogloss_testkit::relay::{Connection, Direction, Relay};

use crate::faults::schedules::plan::{Fault, What};

/// How long requests are held to change their order.
const HELD: Duration = Duration::from_millis(50);

/// Causes the fault and ends it, unless it is permanent. Returns a description for the list of steps.
pub(crate) fn strike(fault: &Fault, relay: &Relay) -> String {
    thread::sleep(fault.after);
    let open = relay.connections();
    let one = open.get(fault.pick % open.len().max(1));
    let number = one.map_or_else(|| "none".to_owned(), |one| one.number().to_string());
    let text = format!(
        "  fault: {fault:?} on connection {number} of {}",
        open.len()
    );
    match (fault.what, one) {
        (What::Silence(direction), Some(one)) => one.stall(direction),
        (What::Stall(direction, time), Some(one)) => {
            one.stall(direction);
            thread::sleep(time);
            one.go_on(direction);
        }
        (What::Delay(direction, time), Some(one)) => one.delay(direction, time),
        (What::Cut(how), Some(one)) => one.cut(how),
        (What::LoseAnswer, Some(one)) => one.lose(Direction::Responses),
        (What::StallAll(time), _) => {
            relay.stall();
            thread::sleep(time);
            relay.go_on();
        }
        (What::CutAll(how), _) => relay.cut(how),
        (What::Reorder, _) => reorder(relay, &open),
        (_, None) => {}
    }
    text
}

fn reorder(relay: &Relay, open: &[Connection]) {
    for connection in open {
        connection.stall(Direction::Requests);
    }
    thread::sleep(HELD);
    let reverse: Vec<_> = open.iter().rev().cloned().collect();
    // Connections that were silent before continue, too. A cut connection holds nothing.
    relay.release(&reverse, Direction::Requests).unwrap();
}
