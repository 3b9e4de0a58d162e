//! What is counted and timed: requests by dialect and route, and calls of the token store.

mod outcome;
mod requests;
mod route;
mod store;

pub(crate) use self::requests::{Counted, Requests};
pub(crate) use self::store::MeasuredStore;
