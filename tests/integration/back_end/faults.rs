//! Back ends that hang, break, lie, refuse and return: clients get the dialect's own "unavailable", logins succeed, and no
//! request is sent twice.

mod bodies;
mod heads;
mod limits;
mod outages;

use isogloss_testkit::dialects::HeldToken;
use isogloss_testkit::{Error, Response, roundtrip};

use super::{Site, call, name_of};

/// Time-outs of one second: long enough for a busy machine where the back end responds, short where it does not.
const IMPATIENT: &str = "\
connect_timeout = \"1s\"
response_timeout = \"1s\"
idle_timeout = \"1s\"
";

impl Site {
    /// Sends a call with that name, with its mark in the header `X-Case`.
    fn try_call(&self, held: &HeldToken, method: &str, name: &str) -> Result<Response, Error> {
        let request = call(held, method, name).header("X-Case", mark(held, method, name));
        let server = self.gateway.public().to_string();
        roundtrip(&server, &request.message(&server))
    }

    /// Returns how often such a call arrived at the back end.
    fn times(&self, held: &HeldToken, method: &str, name: &str) -> usize {
        self.arrived(&mark(held, method, name)).len()
    }
}

fn mark(held: &HeldToken, method: &str, name: &str) -> String {
    format!("{}-{method}-{name};", held.kind.dialect)
}
