//! What recorded exchanges cannot show: concurrency, other days, the log, and very many bodies.

mod fixture;
mod lifetimes;
mod log;
mod mutated_requests;
mod one_time_token_race;
mod reuse;
