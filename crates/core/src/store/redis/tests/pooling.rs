//! A connection is used again.

use tokio::runtime::Builder;

use super::contracts::access_list;
use super::servers::Server;
use super::{RedisSettings, settings, store};
use crate::store::TokenStore as _;
use crate::store::contract::digest;

/// How many connections it has taken, this question's included.
fn taken(server: &Server) -> usize {
    let said = server.ask(&["INFO", "stats"]).unwrap();
    let mut lines = said.lines();
    let number = lines.find_map(|line| line.strip_prefix("total_connections_received:"));
    number.unwrap().trim().parse().unwrap()
}

#[test]
fn a_connection_outlives_the_runtime_that_made_it() {
    let list = access_list();
    let list: Vec<_> = list.iter().map(String::as_str).collect();
    let server = Server::start(&list).unwrap();
    let place = format!("127.0.0.1:{}", server.port());
    // What tells of changes has a connection of its own.
    let store = store(&RedisSettings {
        near_cache: 0,
        ..settings(format!("redis://isogloss:pass%2Fword@{place}"))
    });
    let before = taken(&server);
    for _ in 0..5 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(store.get(digest(1))).unwrap();
    }
    assert_eq!(taken(&server), before + 2);
}
