#![doc = include_str!("../README.md")]

mod account;
pub mod behind;
mod binding;
mod errors;
#[cfg(fuzzing)]
pub mod fuzzing;
mod letter;
mod login;
mod model;
mod model_state;
mod openapi;
mod policy;
mod query;
mod quirks;
mod reset;
mod routes;
mod settings;
mod wire;

use isogloss_core::Realm;

pub use openapi::openapi;
pub use policy::PasswordPolicy;
pub use routes::configure;
pub use settings::{LifetimeFrom, LogoutEnds, Settings};

/// The dialect's name in configuration, logs and keys.
pub const NAME: &str = "tokenlogin";

const REALM: Realm = Realm::new(NAME);
