//! Another server becomes the Redis primary.

use std::cell::RefCell;
use std::thread;
use std::time::Instant;

use isogloss_testkit::servers::{ClusterServers, SentinelServers};
use isogloss_testkit::{Gateway, Store};

use crate::faults::load::{Load, Tally};
use crate::faults::{WHILE, gateway, survives};

/// Runs a load while a primary is killed and another one takes over.
fn outlives(gateway: &Gateway, kill: impl FnOnce()) -> (Tally, Instant) {
    let load = Load::on(gateway.public());
    thread::sleep(WHILE);
    let struck = Instant::now();
    kill();
    load.recovers();
    eprintln!("recovered {:?} after the kill", struck.elapsed());
    thread::sleep(WHILE);
    (load.end(), struck)
}

fn sentinels() -> RefCell<SentinelServers> {
    RefCell::new(SentinelServers::start(None, &[]).unwrap())
}

#[test]
fn sentinels_fail_over_in_good_order() {
    let servers = sentinels();
    let gateway = gateway(Store::Redis(servers.borrow().url()))
        .start()
        .unwrap();
    let load = Load::on(gateway.public());
    thread::sleep(WHILE);
    let struck = Instant::now();
    servers.borrow().fail_over().unwrap();
    load.recovers();
    thread::sleep(WHILE);
    load.end()
        .assert_bounded("sentinel failover", struck, false);
}

#[test]
fn a_primary_under_sentinels_is_killed() {
    let servers = sentinels();
    let gateway = gateway(Store::Redis(servers.borrow().url()))
        .start()
        .unwrap();
    let kill = || servers.borrow_mut().kill_primary().unwrap();
    let (tally, struck) = outlives(&gateway, kill);
    tally.assert_bounded("kill -9 under sentinels", struck, false);
}

/// With `WAIT`, an acknowledged logout survives the loss of the primary.
#[test]
fn log_outs_that_a_replica_has_seen_outlive_the_primary() {
    let servers = sentinels();
    let gateway = gateway(Store::Redis(servers.borrow().url()))
        .env("ISOGLOSS__TOKENS__REDIS_WAIT_REPLICAS", "2")
        .start()
        .unwrap();
    let load = Load::on(gateway.public());
    thread::sleep(WHILE);
    let struck = Instant::now();
    servers.borrow_mut().kill_primary().unwrap();
    // One replica is left: logouts that need two are unavailable, and nothing else fails.
    load.recovers();
    thread::sleep(WHILE);
    let tally = load.end();
    tally.assert_bounded("kill -9 with WAIT", struck, true);
}

#[test]
fn a_primary_of_a_cluster_is_killed() {
    let servers = RefCell::new(ClusterServers::start(None, &[]).unwrap());
    let gateway = gateway(Store::Redis(servers.borrow().url()))
        .start()
        .unwrap();
    let kill = || servers.borrow_mut().kill_primary(0).unwrap();
    let (tally, struck) = outlives(&gateway, kill);
    tally.assert_bounded("kill -9 in a cluster", struck, false);
}

#[test]
fn a_cluster_fails_over_in_good_order() {
    let servers = ClusterServers::start(None, &[]).unwrap();
    let gateway = gateway(Store::Redis(servers.url())).start().unwrap();
    let strike = || servers.fail_over(1).unwrap();
    survives("CLUSTER FAILOVER", &gateway, strike, || {});
}
