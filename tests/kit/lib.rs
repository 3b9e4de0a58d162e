//! What the suites of this package share: a gateway as a process, a Redis and a PostgreSQL to stop and
//! start, a mail server, a relay in front of any of them, and, from [`isogloss_exchange`], raw HTTP and the files under `exchanges/`.

mod log;
mod mail;
mod postgres;
mod process;
mod redis;
pub mod relay;
#[cfg(test)]
mod relay_tests;
mod request;
mod server;
pub mod servers;

pub use isogloss_exchange::{Conversation, Failure, Host, Response, Result, Step, roundtrip, totp};

pub use mail::MailServer;
pub use postgres::{Postgres, Stalled};
pub use redis::{Redis, Reply};
pub use request::Request;
pub use server::{Builder, Gateway, Store};
