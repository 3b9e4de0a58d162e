//! Documented requests on one connection, damaged at random places.
//!
//! The server must find where each of them begins and ends.

use std::cell::Cell;
use std::net::{Shutdown, SocketAddr};

use isogloss_testkit::Response;
use isogloss_testkit::dialects::{Extent, dialects};
use isogloss_testkit::raw_http;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestError, TestRunner};

use crate::hostile::documented_requests::Documented;
use crate::hostile::properties::config;
use crate::hostile::routes::every_route;
use crate::hostile::strategies::damaged;
use crate::hostile::{assert_unharmed, error_shape, gateway};

const MOST_AT_ONCE: usize = 4;

/// Sends the message, closes the sending side, and returns everything that the server sends.
fn exchange(public: SocketAddr, message: &[u8]) -> Vec<u8> {
    let mut stream = raw_http::send(public, message);
    drop(stream.shutdown(Shutdown::Write));
    raw_http::until_closed(&mut stream)
}

/// Returns whether this is an error or a success of a dialect, or one of the few responses without a dialect.
fn is_known(answer: &Response) -> bool {
    // The damage may have added `fields` or `suppressResponseCodes`.
    let unsuppressed = Response {
        status: 400,
        ..answer.clone()
    };
    let suppressed = answer.status == 200
        && dialects()
            .iter()
            .filter(|dialect| dialect.query_shapes_responses())
            .any(|dialect| dialect.check_error(&unsuppressed).is_ok());
    // Not HTTP, a path of no dialect, an incomplete or too long head, or `Expect`.
    let nobodys = answer.body.is_empty() && matches!(answer.status, 100 | 400 | 404 | 408 | 431);
    nobodys
        || suppressed
        || dialects()
            .iter()
            .any(|dialect| dialect.check_error(answer).is_ok())
        || every_route().any(|route| route.check_success(Extent::Some, answer).is_ok())
}

/// Checks every response to these bytes, and returns how many come from a dialect.
fn answered(public: SocketAddr, messages: &[u8]) -> Result<usize, TestCaseError> {
    let answers = raw_http::parse_responses(&exchange(public, messages));
    for answer in &answers {
        if !is_known(answer) {
            let (sent, came) = (messages.escape_ascii(), error_shape::shown(answer));
            let report = format!("--- sent\n{sent}\n--- received\n{came}");
            return Err(TestCaseError::fail(report));
        }
    }
    let with_words = answers.iter().filter(|answer| !answer.body.is_empty());
    Ok(with_words.count())
}

#[test]
fn damaged_requests_are_refused_and_harm_nobody() {
    let mut gateway = gateway();
    let public = gateway.public();
    let documented: Vec<_> = every_route()
        .map(|route| Documented::of(route, &gateway).message())
        .collect();
    let messages = vec(select(documented), 1..=MOST_AT_ONCE)
        .prop_map(|messages| in_a_row(&messages))
        .prop_flat_map(damaged);
    let config = Config {
        // Most of these messages are not HTTP.
        cases: config().cases * 10,
        ..config()
    };
    let (cases, by_a_dialect) = (config.cases, Cell::new(0));
    let outcome = TestRunner::new(config).run(&messages, |messages| {
        by_a_dialect.set(by_a_dialect.get() + answered(public, &messages)?);
        Ok(())
    });
    if let Err(TestError::Fail(reason, _) | TestError::Abort(reason)) = outcome {
        panic!("{reason}");
    }
    let enough = usize::try_from(cases / 2).unwrap();
    assert!(
        by_a_dialect.get() > enough,
        "{by_a_dialect:?} responses of dialects on {cases} connections"
    );
    assert_unharmed(&mut gateway);
}

/// Joins the messages. Only the last one ends the connection.
fn in_a_row(messages: &[Vec<u8>]) -> Vec<u8> {
    let (last, others) = messages.split_last().unwrap();
    let others = String::from_utf8(others.concat()).unwrap();
    let others = others.replace("Connection: close", "Connection: keep-alive");
    [others.as_bytes(), last].concat()
}
