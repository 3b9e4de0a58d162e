#![doc = include_str!("../README.md")]

mod access;
mod address;
mod arrival;
mod cluster;
mod cluster_client;
mod dialer;
mod doorman;
mod engine;
mod error;
mod expected;
mod fault;
mod health;
mod identity;
mod keys;
mod link;
mod listing;
mod lookup;
mod name;
mod near;
mod place;
mod primary;
mod probe;
mod question;
mod replicas;
mod scan;
mod scripts;
mod sentinel;
mod settings;
mod silence;
mod store;
#[cfg(test)]
mod tests;
mod throttle;
mod topology;
mod touches;
mod tracker;
mod unconfirmed;
mod wire;
mod wires;

pub use access::RedisAccess;
pub use keys::KeyPrefix;
pub use settings::{Eviction, RedisSettings};
pub use store::RedisStore;
pub use throttle::RedisThrottle;
