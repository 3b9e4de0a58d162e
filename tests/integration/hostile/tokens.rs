//! A token is valid only for its purpose, in the dialect that issued it.

use std::net::SocketAddr;

use isogloss_testkit::dialects::{HeldToken, TestUser, dialects};
use isogloss_testkit::{Response, Result};

use crate::hostile::error_shape;
use crate::hostile::{assert_unharmed, gateway};

const CLIENT: &str = "0864b512-1776-4a55-8ee5-2b19d7d9b7ea";

/// Returns valid tokens of the administrator, one of each kind.
pub(crate) fn tokens(public: SocketAddr) -> Vec<HeldToken> {
    let admin = TestUser {
        client: CLIENT.to_owned(),
        ..TestUser::admin()
    };
    admin.every_token(public).unwrap()
}

#[test]
fn a_token_of_another_dialect_or_purpose_is_refused() {
    let mut gateway = gateway();
    let public = gateway.public();
    for dialect in dialects() {
        for (index, protected) in dialect.protected_requests().iter().enumerate() {
            for held in tokens(public) {
                let response: Result<Response> = dialect.present(protected, &held).send(public);
                let response = response.unwrap();
                let came = error_shape::shown(&response);
                let what = format!(
                    "{:?} at place {index} of {}: {came}",
                    held.kind, dialect.name
                );
                if dialect.accepts(protected, held.kind) {
                    assert!(matches!(response.status, 200 | 302), "{what}");
                } else {
                    assert_eq!(dialect.check_error(&response), Ok(()), "{what}");
                    let expected = dialect.only_error_status().unwrap_or(401);
                    assert_eq!(response.status, expected, "{what}");
                }
            }
        }
    }
    assert_unharmed(&mut gateway);
}

#[test]
fn each_door_is_opened_by_some_kind_of_token() {
    for dialect in dialects() {
        for protected in dialect.protected_requests() {
            let kinds = dialect.kinds();
            let accepted = kinds.filter(|kind| dialect.accepts(protected, *kind));
            assert!(accepted.count() > 0, "{}: {protected:?}", dialect.name);
        }
    }
}
