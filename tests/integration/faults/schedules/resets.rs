//! Clients whose connections are reset before they see a response.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use isogloss_testkit::relay::{Connection, Cut, Direction, Relay};

use crate::faults::schedules::plan::Manner;

const PATIENCE: Duration = Duration::from_secs(30);

/// Sends a message through that relay and ends without a response.
pub(crate) fn send(relay: &Relay, message: &[u8], manner: Manner) {
    let mut stream = TcpStream::connect(relay.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let address = stream.local_addr().unwrap();
    let is_it = |one: &Connection| one.client() == address;
    let relayed = relay.wait_for("the client's connection", is_it).unwrap();
    match manner {
        Manner::Resets(after) => {
            stream.write_all(message).unwrap();
            thread::sleep(after);
            relayed.cut(Cut::Reset);
        }
        Manner::LosesTheAnswer | Manner::Patient => {
            relayed.lose(Direction::Responses);
            stream.write_all(message).unwrap();
            // The read fails with the reset.
            drop(stream.read(&mut [0]));
        }
    }
}
