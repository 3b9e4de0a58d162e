#![doc = include_str!("../README.md")]

mod gateway_process;
mod log;
mod mail_server;
mod process;
pub mod relay;
mod request;
pub mod servers;

pub use isogloss_exchange::{Conversation, Failure, Host, Response, Result, Step, roundtrip, totp};

pub use gateway_process::{Builder, Gateway, Store};
pub use mail_server::MailServer;
pub use request::Request;
pub use servers::{Postgres, Redis, Reply, Stalled};
