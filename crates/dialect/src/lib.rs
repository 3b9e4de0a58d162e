#![doc = include_str!("../README.md")]

mod body;
pub mod cors;
mod dialect;
mod forward_auth;
pub mod openapi;
mod retry_after;
pub mod route;
mod web_address;

pub use self::body::{BodyError, media_type, parse_lenient, read_body, utf8_text};
pub use self::dialect::{Dialect, TokenLifetimeClass};
pub use self::retry_after::insert_retry_after;
pub use self::web_address::is_web_address;
