//! What no conversation can show: the instant, other days, the log, bodies without number.

mod fixture;
mod lifetimes;
mod log;
mod mutated_requests;
mod one_time_token_race;
mod reuse;
