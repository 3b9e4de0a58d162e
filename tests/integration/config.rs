//! `isogloss config check` and `show`: errors take one line, and secrets are never shown.

mod error_location;
mod extremes;
mod invalid_addresses;
mod invalid_values;
mod ipv6;
mod layers;
mod paths;
mod precedence;
mod reference;
mod secret_files;
mod secrets;
mod variables;
