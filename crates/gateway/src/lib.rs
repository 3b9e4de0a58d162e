#![doc = include_str!("../README.md")]

mod app;
mod audit;
pub mod cli;
pub mod config;
mod demo;
mod dialects;
mod fill;
mod fitness;
mod mail;
mod management;
mod parts;
mod serve;
mod sessions;
mod source;
mod strained;
mod telemetry;

pub use app::{Ingredients, app};
pub use dialects::Mount;
pub use source::{Network, Proxies, ProxyHeader};
