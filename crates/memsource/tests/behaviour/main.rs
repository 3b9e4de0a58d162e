//! What recorded exchanges cannot show: concurrency, other days, the log, and very many bodies.

mod at_once;
mod damage;
mod host;
mod lifetimes;
mod log;
mod reuse;
