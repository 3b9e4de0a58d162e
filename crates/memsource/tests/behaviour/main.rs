//! What no conversation can show: the instant, other days, the log, bodies without number.

mod at_once;
mod damage;
mod host;
mod lifetimes;
mod log;
mod reuse;
