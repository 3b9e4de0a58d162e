#![doc = include_str!("../README.md")]

mod app;
mod audit;
mod backends;
pub mod cli;
pub mod config;
mod demo;
mod descriptors;
mod dialects;
mod doctor;
mod door;
mod fill;
mod fitness;
mod headers;
mod jwt;
mod mail;
mod management;
mod moment;
mod panics;
mod parts;
mod probe;
mod secrets;
mod serve;
mod sessions;
mod slow;
mod source;
mod strained;
mod sunset;
mod telemetry;
mod usage;

pub use app::{Ingredients, app};
pub use dialects::Mount;
pub use probe::Probe;
pub use source::{Network, Proxies, ProxyHeader};
pub use sunset::Sunsets;
pub use usage::Usage;
