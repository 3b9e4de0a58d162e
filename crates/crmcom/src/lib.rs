#![doc = include_str!("../README.md")]

pub mod behind;
mod body;
mod errors;
#[cfg(fuzzing)]
pub mod fuzzing;
mod key;
mod login;
mod openapi;
mod quirks;
mod routes;
mod settings;
mod wire;

use isogloss_core::Realm;

pub use openapi::openapi;
pub use routes::configure;
pub use settings::{OrganisationMatch, Release, Settings};

/// The dialect's name in configuration, logs and keys.
pub const NAME: &str = "crmcom";

const REALM: Realm = Realm::new(NAME);
