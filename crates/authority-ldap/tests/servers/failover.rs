//! Servers that do not answer, and connections that servers close.

use std::time::Duration;

use isogloss_core::authority::{CauseKind, Decision};
use isogloss_testkit::relay::{Cut, Relay};
use isogloss_testkit::servers::free_port;

use crate::fixtures::{
    PASSWORD, accepted, authority, judge, own_slapd, settings, slapd, unavailable,
};

/// Short enough for a test, long enough for a server that is busy with others.
const SHORT: Duration = Duration::from_millis(500);

fn url(port: u16) -> String {
    format!("ldap://127.0.0.1:{port}")
}

#[tokio::test]
async fn second_server_judges_if_the_first_is_down_or_silent() {
    let slapd = slapd();
    let silent = Relay::to(slapd.port()).unwrap();
    silent.stall();
    for first in [free_port().unwrap(), silent.port()] {
        let mut settings = settings(&url(first));
        settings.urls.push(slapd.url().parse().unwrap());
        settings.search_timeout = SHORT;
        let authority = authority(settings);
        accepted(judge(&authority, "zoe", PASSWORD).await);
        assert_eq!(judge(&authority, "zoe", "wrong").await, Decision::Rejected);
    }
    // It was asked once, and comes last for a while.
    assert_eq!(silent.arrived(), 1);
}

#[tokio::test]
async fn no_server_is_unavailable() {
    let mut settings = settings(&url(free_port().unwrap()));
    settings
        .urls
        .push(url(free_port().unwrap()).parse().unwrap());
    let kind = unavailable(judge(&authority(settings), "zoe", PASSWORD).await);
    assert_eq!(kind, CauseKind::Connect);
}

#[tokio::test]
async fn connections_that_the_server_closed_are_replaced() {
    let mut slapd = own_slapd();
    let authority = authority(settings(&slapd.url()));
    accepted(judge(&authority, "zoe", PASSWORD).await);
    slapd.start_again().unwrap();
    accepted(judge(&authority, "zoe", PASSWORD).await);
}

#[tokio::test]
async fn connection_that_closes_during_a_search_is_replaced() {
    let slapd = slapd();
    let relay = Relay::to(slapd.port()).unwrap();
    let authority = authority(settings(&url(relay.port())));
    accepted(judge(&authority, "zoe", PASSWORD).await);
    let search = relay.when_sent("zoe@example.com", 1, |connection| {
        connection.cut(Cut::Reset);
    });
    accepted(judge(&authority, "zoe@example.com", PASSWORD).await);
    search.await.unwrap();
}

#[tokio::test]
async fn password_is_sent_once_even_if_no_answer_comes() {
    let slapd = own_slapd();
    let relay = Relay::to(slapd.port()).unwrap();
    let mut settings = settings(&url(relay.port()));
    settings.urls.push(slapd.url().parse().unwrap());
    let authority = authority(settings);
    let sent = relay.when_sent(PASSWORD, 1, |connection| connection.cut(Cut::Reset));
    let kind = unavailable(judge(&authority, "zoe", PASSWORD).await);
    assert_eq!(kind, CauseKind::Closed);
    sent.await.unwrap();
    let log = slapd.log().unwrap();
    assert!(!log.contains("BIND dn=\"cn=Zo"), "{log}");
}

#[tokio::test]
async fn silence_is_a_time_out_and_an_abandoned_connection_is_not_used_again() {
    let slapd = slapd();
    let relay = Relay::to(slapd.port()).unwrap();
    let mut settings = settings(&url(relay.port()));
    settings.timeout = SHORT;
    let authority = authority(settings);
    accepted(judge(&authority, "zoe", PASSWORD).await);
    relay.stall();
    let kind = unavailable(judge(&authority, "twin1", PASSWORD).await);
    assert_eq!(kind, CauseKind::Timeout);
    relay.go_on();
    // The answer that was late is about another user.
    let identity = accepted(judge(&authority, "zoe", PASSWORD).await);
    assert_eq!(identity.user_name.as_deref(), Some("zoe"));
}
