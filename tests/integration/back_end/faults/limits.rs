//! Slow back ends use no more connections than they may, and calls wait only in a queue of limited length and time.

use std::thread;

use isogloss_testkit::dialects::{HeldToken, dialect};
use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Request, Response, Signal, Step};

use super::name_of;
use crate::back_end::{Settings, Site};

/// A back end that responds to calls with the name `held` at a signal, and to others at once.
fn site(proxy: &str) -> (Site, Signal, HeldToken) {
    let signal = Signal::default();
    let awaited = signal.clone();
    let settings = Settings {
        proxy,
        ..Settings::default()
    };
    let site = Site::start(&settings, move |request| {
        let mut steps = Step::text("done");
        if name_of(request) == "held" {
            steps.insert(0, Step::Wait(awaited.clone()));
        }
        steps
    });
    let held = site.log_in(&dialect("bimplus"), "linguist");
    (site, signal, held)
}

/// Returns a number in the metrics of the gateway, of the dialect `bimplus`.
fn metric(site: &Site, name: &str) -> Option<u32> {
    let metrics = Request::get("/metrics").send(site.gateway.management());
    let text = metrics.unwrap().text();
    let beginning = format!("{name}{{dialect=\"bimplus\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&beginning));
    line?.parse().ok()
}

fn assert_overloaded(response: &Response) {
    dialect("bimplus").assert_back_end_unavailable("a call too many", 503, response);
    let retry_after = response.header("Retry-After").unwrap();
    assert!(retry_after.parse::<u32>().unwrap() > 0, "{retry_after}");
}

#[test]
fn calls_beyond_connections_and_queue_are_refused_and_logins_succeed() {
    let (site, signal, held) =
        site("connections = 2\nqueue = 1\nqueue_timeout = \"30s\"\nresponse_timeout = \"30s\"");
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| site.try_call(&held, "GET", "held").unwrap()))
            .collect();
        site.back_end.wait_for_requests(2).unwrap();
        let queued = || metric(&site, "isogloss_backend_waiting") == Some(1);
        wait_until("a call waits", queued).unwrap();
        assert_eq!(metric(&site, "isogloss_backend_in_flight"), Some(2));
        assert_overloaded(&site.try_call(&held, "GET", "list").unwrap());
        site.assert_logins_succeed();
        // The limits are those of one dialect.
        let other = site.log_in(&dialect("memsource"), "linguist");
        let response = site.try_call(&other, "GET", "list").unwrap();
        assert_eq!(response.text(), "done");
        signal.raise();
        for call in waiting {
            assert_eq!(call.join().unwrap().text(), "done");
        }
    });
    assert_eq!(site.times(&held, "GET", "held"), 3);
    assert_eq!(site.times(&held, "GET", "list"), 0);
    assert_eq!(site.try_call(&held, "GET", "list").unwrap().text(), "done");
}

#[test]
fn a_call_that_waits_too_long_is_refused() {
    let (site, signal, held) =
        site("connections = 1\nqueue_timeout = \"200ms\"\nresponse_timeout = \"30s\"");
    thread::scope(|scope| {
        let first = scope.spawn(|| site.try_call(&held, "GET", "held").unwrap());
        site.back_end.wait_for_requests(1).unwrap();
        assert_overloaded(&site.try_call(&held, "GET", "list").unwrap());
        signal.raise();
        assert_eq!(first.join().unwrap().text(), "done");
    });
    assert_eq!(site.times(&held, "GET", "list"), 0);
}

#[test]
fn a_client_that_gives_up_frees_its_connection() {
    let (site, _signal, held) =
        site("connections = 1\nqueue_timeout = \"30s\"\nresponse_timeout = \"30s\"");
    let server = site.gateway.public();
    let request = crate::back_end::call(&held, "GET", "held");
    let client = isogloss_testkit::raw_http::send(server, &request.message("x"));
    site.back_end.wait_for_requests(1).unwrap();
    drop(client);
    assert_eq!(site.try_call(&held, "GET", "list").unwrap().text(), "done");
}
