//! Schema changes, silent connections, demoted servers and deadlocks while a directory is in use.

mod commits;
mod deadlocks;
mod demoted;
mod fate;
mod full;
mod migration;
mod repeated;
mod schema;
mod silence;

use isogloss_testkit::Postgres;
use isogloss_testkit::relay::Relay;

/// Starts a relay to the server, and returns it with the address that leads through it.
fn relayed(server: &Postgres, address: &str) -> (Relay, String) {
    let relay = Relay::to(server.port()).unwrap();
    let [from, to] = [server.port(), relay.port()].map(|port| format!(":{port}/"));
    (relay, address.replace(&from, &to))
}
