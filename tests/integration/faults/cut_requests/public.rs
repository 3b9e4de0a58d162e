//! Requests of each dialect that change something.

mod bimplus;
mod crmcom;
mod memsource;
pub(crate) mod tokenlogin;

use isogloss_testkit::dialects::dialect;
use isogloss_testkit::{Gateway, Request as Message};

use crate::faults::cut_requests::cut::Request;
use crate::faults::cut_requests::{PASSWORD, user};

pub(crate) fn requests(gateway: &Gateway) -> Vec<Request> {
    let server = gateway.public();
    let mut requests = bimplus::requests(server);
    requests.extend(crmcom::requests(server));
    requests.extend(memsource::requests(server));
    // Last, because a new password ends all tokens of a user.
    requests.extend(tokenlogin::requests(gateway));
    requests
}

fn login(name: &str) -> impl Fn(usize) -> Message + use<> {
    let dialect = dialect(name);
    move |subject| dialect.request(&user(subject), PASSWORD)
}
