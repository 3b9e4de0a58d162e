#![doc = include_str!("../README.md")]

mod api2;
pub mod behind;
mod caller;
mod cookie;
mod errors;
#[cfg(fuzzing)]
pub mod fuzzing;
mod issue;
mod multipart;
mod openapi;
mod parameters;
mod quirks;
mod redirect;
mod routes;
mod settings;
mod wire;

use isogloss_core::Realm;

pub use openapi::openapi;
pub use routes::configure;
pub use settings::{ExpiresStyle, Login, RoleStyle, Settings};

/// The dialect's name in configuration, logs and keys.
pub const NAME: &str = "memsource";

const REALM: Realm = Realm::new(NAME);
