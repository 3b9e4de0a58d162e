//! The suite of all stores, in each topology.

use super::servers::{Certificates, ClusterServers, SentinelServers, Server};
use super::{settings, store};
use crate::store::contract::pass_all;

/// The access list that the operator's guide shows.
fn access_list() -> String {
    let guide = include_str!("../../../../../../docs/operations.md");
    let line = guide
        .lines()
        .find(|line| line.starts_with("user isogloss "));
    line.unwrap().replace("PASSWORD", "pass/word")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_with_tls_and_an_access_list_passes() {
    let certificates = Certificates::make().unwrap();
    let (server, port) = Server::start_tls(&certificates, &[]).unwrap();
    let list = access_list();
    let mut words = vec!["ACL", "SETUSER"];
    words.extend(list.split(' ').skip(1));
    server.ask(&words).unwrap();
    server.ask(&["ACL", "SETUSER", "default", "off"]).unwrap();
    let mut settings = settings(format!("rediss://isogloss:pass%2Fword@127.0.0.1:{port}"));
    settings.ca = Some(certificates.pem().into());
    pass_all(&store(&settings)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_found_by_sentinels_passes() {
    let servers = SentinelServers::start().unwrap();
    pass_all(&store(&settings(servers.url()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_passes() {
    let servers = ClusterServers::start().unwrap();
    pass_all(&store(&settings(servers.url()))).await;
}
