#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    reason = "a test fails by panicking"
)]

mod authority_server;
mod back_end_server;
mod command;
pub mod dialects;
mod doctor_report;
mod gateway_process;
mod log;
mod mail_server;
mod process;
pub mod raw_http;
pub mod relay;
mod request;
pub mod servers;
mod small_disk;
pub mod terminal;
pub mod token_spellings;
mod whole_response;

pub use isogloss_conformance::{
    Conversation, Error, Host, Response, Result, TimeStep, roundtrip, totp_code,
};

pub use authority_server::{
    AuthorityFault, AuthorityServer, AuthorityUser, FaultyRelay, IdTokens, PasswordRequest,
    TokenFault, UserState,
};
pub use back_end_server::{BackEndServer, Decider, RecordedRequest, Signal, Step};
pub use command::run_to_end;
pub use doctor_report::Report;
pub use gateway_process::{Builder, Gateway, Store};
pub use mail_server::MailServer;
pub use request::Request;
pub use servers::{Postgres, Redis, Reply, Stalled};
pub use small_disk::SmallDisk;
pub use whole_response::parse_complete_response;
