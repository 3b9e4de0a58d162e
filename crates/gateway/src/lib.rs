#![doc = include_str!("../README.md")]

mod app;
mod audit;
pub mod cli;
pub mod config;
mod demo;
mod descriptors;
mod dialects;
mod fill;
mod fitness;
mod headers;
mod mail;
mod management;
mod measured;
mod panics;
mod parts;
mod reload;
mod renewal;
mod serve;
mod sessions;
mod slow;
mod source;
mod strained;
mod telemetry;
mod tls;
mod traces;

pub use app::{Ingredients, app};
pub use dialects::Mount;
pub use source::{Network, Proxies, ProxyHeader};
