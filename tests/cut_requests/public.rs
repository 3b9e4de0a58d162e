//! The requests of each dialect that change something.

mod bimplus;
mod crmcom;
mod memsource;
pub(crate) mod tokenlogin;

use isogloss_testkit::{Gateway, Request as Message};

use crate::cut::Request;
use crate::dialects::DIALECTS;
use crate::{PASSWORD, user};

pub(crate) fn requests(gateway: &Gateway) -> Vec<Request> {
    let server = gateway.public();
    let mut requests = bimplus::requests(server);
    requests.extend(crmcom::requests(server));
    requests.extend(memsource::requests(server));
    // Ends all that a user has with a new password: behind all that needs none of it.
    requests.extend(tokenlogin::requests(gateway));
    requests
}

fn login(dialect: usize) -> impl Fn(usize) -> Message {
    let dialect = DIALECTS[dialect];
    move |subject| (dialect.request)(dialect.mount, &user(subject), PASSWORD)
}
