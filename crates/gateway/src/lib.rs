#![doc = include_str!("../README.md")]

mod access_log;
mod admin;
mod authority_check;
mod back_end;
mod bootstrap;
pub mod cli;
mod client_ip;
pub mod config;
mod dialects;
mod doctor;
mod http;
mod http_client;
mod introspection;
mod jwt;
mod management;
mod management_client;
mod metrics;
pub mod openapi;
mod server;
mod store_health;
mod sunset;
mod telemetry;
mod tls;
mod usage;

pub use access_log::AccessLog;
pub use back_end::BackEnds;
pub use client_ip::TrustedProxies;
pub use config::ProxyHeader;
pub use dialects::Mount;
pub use http::drain::Drain;
pub use http::public::{PublicState, app};
pub use http::self_probe::SelfProbe;
pub use isogloss_core::Network;
pub use store_health::HealthRecheck;
pub use sunset::Sunsets;
pub use usage::UsageRecorder;
