//! Tests against servers that speak raw TCP.

mod backend;
mod bodies;
mod calls;
mod client_gone;
mod diagnosis;
mod framing;
mod health;
mod limits;
mod responses;
mod reuse;
mod server;
mod settings;
mod several_addresses;
mod time_limits;
mod tls;
mod upgrades;
