#![doc = include_str!("../README.md")]

mod access;
mod address;
mod cluster;
mod connector;
mod error;
mod error_class;
mod health;
mod keys;
mod near_cache;
mod primary_address;
mod primary_check;
mod primary_pool;
mod redis_client;
mod request;
mod runtime;
mod scan;
mod scripts;
mod sentinel;
mod server_identity;
mod server_name;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod throttle;
mod timeout_log;
mod wait_replicas;
mod worker_connections;

pub use access::RedisAccess;
pub use keys::KeyPrefix;
pub use settings::{Eviction, RedisSettings};
pub use store::RedisStore;
pub use throttle::RedisThrottle;
