//! Requests of services about a dialect's tokens, and the backup of usage counts.

use isogloss_testkit::{Gateway, Request as Message};

use super::admin;
use crate::faults::cut_requests::cut::Request;
use crate::faults::cut_requests::{done, token_of};

/// User agent of these requests, by which the usage counts distinguish them.
pub(crate) const PROGRAM: &str = "exchanging";

pub(super) fn requests(gateway: &Gateway) -> Vec<Request> {
    let (server, public) = (gateway.management(), gateway.public());
    let exchange_of = move |subject| exchange(&token_of("bimplus", public, subject));
    vec![
        Request::new("a token is exchanged", server, exchange_of),
        Request::new("a backup is prepared", server, move |subject| {
            done(&exchange_of(subject), server);
            admin("POST", "backup")
        }),
    ]
}

fn exchange(token: &str) -> Message {
    Message::post("/token")
        .header("Authorization", "Bearer demo-introspection-key")
        .header("User-Agent", PROGRAM)
        .form(format!(
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
             &subject_token_type=urn:isogloss:token-type:bimplus&subject_token={token}"
        ))
}
