//! Opens the components of the gateway and of its commands, as the configuration says.

pub(crate) mod audit;
pub(crate) mod authorities;
pub(crate) mod blocking;
pub(crate) mod components;
pub(crate) mod demo_credentials;
pub(crate) mod digest_upgrade;
pub(crate) mod initial_import;
pub(crate) mod look_alikes;
pub(crate) mod mailer;
pub(crate) mod open_stores;
mod pending_directory;
pub(crate) mod pruning;
pub(crate) mod secrets;
