//! With any body, query or header, every route succeeds as documented or fails in the format of its dialect.
//!
//! `PROPTEST_CASES` sets the number of requests of each kind for each route. A request that fails the test is
//! printed in its shortest form.

use isogloss_testkit::dialects::Extent;
use isogloss_testkit::{Response, roundtrip};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};

use crate::hostile::documented_requests::Documented;
use crate::hostile::routes::{Route, every_route};
use crate::hostile::{assert_unharmed, error_shape, gateway};

/// As many as take half a minute, unless the environment sets another number.
const CASES: u32 = 100;

/// The part of a documented request that is random.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Body,
    Query,
    Headers,
}

pub(crate) fn config() -> Config {
    let config = Config::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    Config {
        cases: if asked { config.cases } else { CASES },
        // A counterexample is printed, and should become a test.
        failure_persistence: None,
        ..config
    }
}

/// Returns why the response is neither the documented success nor an error of the dialect, `None` if it is one of
/// them.
fn foreign(route: &Route, part: Part, response: &Response) -> Option<String> {
    let mut response = response.clone();
    let chooses = part == Part::Query && route.dialect().query_shapes_responses();
    // Because of `fields` and `suppressResponseCodes`.
    let extent = if chooses { Extent::Some } else { Extent::Whole };
    let no_success = route.check_success(extent, &response).err()?;
    if chooses && response.status == 200 {
        response.status = 400;
    }
    let no_refusal = error_shape::check(route.dialect, &response).err()?;
    Some(format!("{no_success}; {no_refusal}"))
}

fn hold(part: Part) {
    let mut gateway = gateway();
    let public = gateway.public().to_string();
    for route in every_route() {
        let Route { method, path, .. } = route;
        let granted = roundtrip(&public, &Documented::of(route, &gateway).message()).unwrap();
        let whole = route.check_success(Extent::Whole, &granted);
        let came = error_shape::shown(&granted);
        assert_eq!(whole, Ok(()), "{method} {path} as documented: {came}");

        let documented = Documented::of(route, &gateway);
        let messages = match part {
            Part::Body => documented.with_any_body(),
            Part::Query => documented.with_any_query(),
            Part::Headers => documented.with_any_headers(),
        };
        let outcome = TestRunner::new(config()).run(&messages, |message| {
            let sent = message.escape_ascii();
            let response = roundtrip(&public, &message)
                .map_err(|failure| TestCaseError::fail(format!("{failure}: {sent}")))?;
            match foreign(&route, part, &response) {
                None => Ok(()),
                Some(reason) => {
                    let came = error_shape::shown(&response);
                    let report = format!("{reason}\n--- sent\n{sent}\n--- received\n{came}");
                    Err(TestCaseError::fail(report))
                }
            }
        });
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(reason, _) | TestError::Abort(reason)) => {
                panic!("{method} {path}: {reason}")
            }
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn any_body_is_answered_in_the_dialects_words() {
    hold(Part::Body);
}

#[test]
fn any_query_is_answered_in_the_dialects_words() {
    hold(Part::Query);
}

#[test]
fn any_headers_are_answered_in_the_dialects_words() {
    hold(Part::Headers);
}
