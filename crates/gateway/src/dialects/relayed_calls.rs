//! Tests of calls that the dialects relay, with a back end that records what it receives.

mod bodies;
mod conflicts;
mod failures;
mod fixture;
mod forward_auth;
mod places;
mod policies;
mod responses;
mod stub_back_end;
