//! Slots that move from one server of a cluster to another.

use std::io::{Error, Result};

use super::{RedisServer, wait_until};

/// Opens a slot at both servers: keys that are no longer at the old one are looked up at the new one.
///
/// # Errors
/// If a server does not respond.
pub fn begin_move(slot: &str, from: &RedisServer, to: &RedisServer) -> Result<()> {
    let [old, new] = [id(from)?, id(to)?];
    to.ask(&["CLUSTER", "SETSLOT", slot, "IMPORTING", &old])?;
    from.ask(&["CLUSTER", "SETSLOT", slot, "MIGRATING", &new])?;
    Ok(())
}

/// Moves these keys, except those that no longer exist.
///
/// # Errors
/// If the server `from` does not respond, or cannot move a key.
pub fn move_keys(keys: &[Vec<u8>], from: &RedisServer, to: &RedisServer) -> Result<()> {
    let port = to.port().to_string();
    for key in keys {
        from.values(&[
            b"MIGRATE",
            b"127.0.0.1",
            port.as_bytes(),
            key,
            b"0",
            b"5000",
        ])?;
    }
    Ok(())
}

/// Gives the slot to the server `to`, and announces that to all primaries: one that does not learn of it may take the
/// slot back.
///
/// Then waits until all primaries know the epoch of `to` as the latest. A server that gets a slot before it has heard
/// of the latest epoch takes its own for the latest. An older claim to the slot that is still under way then counts
/// for more, and each of the two servers names the other for good.
///
/// # Errors
/// If a server does not respond or refuses the slot, or if the primaries do not agree within a minute.
pub fn end_move(
    slot: &str,
    from: &RedisServer,
    to: &RedisServer,
    primaries: &[RedisServer],
) -> Result<()> {
    let new = id(to)?;
    for server in [to, from].into_iter().chain(primaries) {
        server.ask(&["CLUSTER", "SETSLOT", slot, "NODE", &new])?;
    }
    wait_until("the epoch of the new server is the latest", || {
        let Ok(latest) = epoch(to, "my") else {
            return false;
        };
        let agrees = |one: &RedisServer| epoch(one, "current").is_ok_and(|known| known == latest);
        primaries.iter().all(agrees)
    })
}

/// Moves all keys of a slot, and then the slot, while both servers are in use.
///
/// # Errors
/// If a server does not respond or refuses a command, or if the primaries do not agree within a minute.
pub fn move_slot(
    slot: &str,
    from: &RedisServer,
    to: &RedisServer,
    primaries: &[RedisServer],
) -> Result<()> {
    begin_move(slot, from, to)?;
    // What is written meanwhile is written at the new server.
    let keys = from.values(&[b"CLUSTER", b"GETKEYSINSLOT", slot.as_bytes(), b"1000"])?;
    move_keys(&keys, from, to)?;
    end_move(slot, from, to, primaries)
}

fn id(server: &RedisServer) -> Result<String> {
    server.ask(&["CLUSTER", "MYID"])
}

/// Returns a server's own epoch (`which` is `my`), or the latest one that it has heard of (`current`). Fails if the
/// server does not respond, or reports no such epoch.
fn epoch(server: &RedisServer, which: &str) -> Result<String> {
    let information = server.ask(&["CLUSTER", "INFO"])?;
    let name = format!("cluster_{which}_epoch:");
    let mut lines = information.lines();
    let found = lines.find_map(|line| line.strip_prefix(&name).map(str::to_owned));
    found.ok_or_else(|| Error::other(format!("no {name} in CLUSTER INFO")))
}
