#![doc = include_str!("../README.md")]

pub mod back_end;
mod body;
pub mod cors;
mod dialect;
mod forward_auth;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod openapi;
mod relay;
mod retry_after;
pub mod route;
mod token_places;
mod token_search;
mod token_texts;
mod web_address;

pub use self::back_end::BackEndError;
pub use self::body::{BodyError, media_type, parse_lenient, read_body, utf8_text};
pub use self::dialect::{Dialect, TokenLifetimeClass};
pub use self::relay::relay_or;
pub use self::retry_after::insert_retry_after;
pub use self::token_places::TokenPlaces;
pub use self::token_search::{BodyFormat, may_be_json};
pub use self::web_address::is_web_address;
