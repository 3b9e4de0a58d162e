//! Back ends that refuse connections, the circuit breaker, and the return of a back end.

use isogloss_testkit::dialects::{HeldToken, dialect, dialects};
use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{BackEndServer, Step};

use crate::back_end::{Settings, Site};

#[test]
fn a_back_end_that_refuses_connections_is_unavailable_until_it_is_back() {
    let proxy = "failures = 2\nrecovery = \"100ms\"";
    let settings = Settings {
        proxy,
        ..Settings::default()
    };
    let mut site = Site::start(&settings, |_| Step::text("first"));
    let address = site.back_end.address();
    let held: Vec<HeldToken> = dialects()
        .iter()
        .map(|dialect| site.log_in(dialect, "linguist"))
        .collect();
    for held in &held {
        assert_eq!(site.try_call(held, "GET", "list").unwrap().text(), "first");
    }
    // The place of one that has ended: nothing listens at its address.
    let elsewhere = BackEndServer::start(|_| Step::text("elsewhere")).unwrap();
    drop(std::mem::replace(&mut site.back_end, elsewhere));
    for held in &held {
        let dialect = dialect(held.kind.dialect);
        let response = site.try_call(held, "POST", "save").unwrap();
        dialect.assert_back_end_unavailable("a refused connection", 502, &response);
    }
    site.assert_logins_succeed();
    site.back_end = BackEndServer::start_at(address, |_| Step::text("second")).unwrap();
    for held in &held {
        let is_back = || {
            let response = site.try_call(held, "GET", "list").unwrap();
            response.text() == "second"
        };
        wait_until("the back end is used again", is_back).unwrap();
    }
    assert_eq!(site.back_end.requests().len(), held.len());
}

#[test]
fn a_back_end_that_fails_repeatedly_gets_no_calls_for_a_while() {
    let settings = Settings {
        proxy: "failures = 3\nrecovery = \"1h\"",
        ..Settings::default()
    };
    let site = Site::start(&settings, |_| vec![Step::ReadBody, Step::Reset]);
    for dialect in dialects() {
        let held = site.log_in(dialect, "linguist");
        for _ in 0..3 {
            let response = site.try_call(&held, "GET", "list").unwrap();
            dialect.assert_back_end_unavailable("a reset", 502, &response);
        }
        for _ in 0..3 {
            let response = site.try_call(&held, "GET", "list").unwrap();
            dialect.assert_back_end_unavailable("with an open breaker", 503, &response);
            assert!(response.header("Retry-After").is_some(), "{}", dialect.name);
        }
        assert_eq!(site.times(&held, "GET", "list"), 3, "{}", dialect.name);
    }
    site.assert_logins_succeed();
}

#[test]
fn a_connection_that_the_back_end_has_closed_is_replaced() {
    let site = Site::start(&Settings::default(), |_| {
        let mut steps = Step::text("done");
        steps.push(Step::Close);
        steps
    });
    let held = site.log_in(&dialect("memsource"), "linguist");
    for number in 0..30 {
        for method in ["GET", "POST"] {
            let name = format!("list-{number}");
            // The connection is closed before the next call.
            site.back_end.wait_until_open(0).unwrap();
            let response = site.try_call(&held, method, &name).unwrap();
            assert_eq!(response.text(), "done", "{method} {name}");
            assert_eq!(site.times(&held, method, &name), 1, "{method} {name}");
        }
    }
}

#[test]
fn a_request_is_not_repeated_on_a_connection_that_ends_under_it() {
    let site = Site::start(
        &Settings {
            proxy: "failures = 1000000",
            ..Settings::default()
        },
        |request| {
            if request.target().contains("broken") {
                vec![Step::ReadBody, Step::Reset]
            } else {
                Step::text("done")
            }
        },
    );
    let memsource = dialect("memsource");
    let held = site.log_in(&memsource, "linguist");
    for number in 0..10 {
        for method in ["GET", "PUT", "POST", "DELETE"] {
            // Leaves a connection open.
            let name = format!("list-{method}-{number}");
            let response = site.try_call(&held, "GET", &name).unwrap();
            assert_eq!(response.text(), "done", "{name}");
            let name = format!("broken-{number}");
            let response = site.try_call(&held, method, &name).unwrap();
            memsource.assert_back_end_unavailable(&name, 502, &response);
            assert_eq!(site.times(&held, method, &name), 1, "{method} {name}");
        }
    }
}
