#![doc = include_str!("../README.md")]

mod authorization;
pub mod behind;
mod configurations;
mod errors;
mod forgotten;
#[cfg(fuzzing)]
pub mod fuzzing;
mod ids;
mod logins;
mod members;
mod openapi;
mod portal;
mod profile;
mod requests;
mod routes;
mod settings;
mod team_ids;
mod teams;
#[cfg(test)]
mod typed;
mod wire;

use isogloss_core::Realm;

pub use configurations::{Environment, Link};
pub use openapi::openapi;
pub use portal::PortalUrl;
pub use routes::configure;
pub use settings::{Applications, LoginsPerClient, Settings};

/// The dialect's name in configuration, logs and keys.
pub const NAME: &str = "bimplus";

const REALM: Realm = Realm::new(NAME);
