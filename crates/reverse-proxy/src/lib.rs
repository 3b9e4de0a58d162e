#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod address;
mod admission;
mod balance;
mod breaker;
mod client;
mod connect;
mod connection;
mod diagnosis;
mod error;
mod health_check;
mod hop_by_hop;
mod idle;
mod outgoing;
mod pins;
mod proxy;
mod request;
mod request_body;
mod response;
mod response_body;
mod settings;
mod tls;
mod tunnel;
mod watch;
mod watched;
mod worker;

#[cfg(test)]
mod tests;

pub use self::address::{Address, AddressError, HostPort};
pub use self::client::{ClientConnection, ClientGone};
pub use self::diagnosis::Diagnosis;
pub use self::error::SendError;
pub use self::health_check::check_health;
pub use self::hop_by_hop::{remove_from_request, remove_from_response};
pub use self::proxy::{AddressState, AddressStatus, ReverseProxy};
pub use self::request::{OutgoingBody, OutgoingRequest, Upgrade};
pub use self::settings::{HostHeader, Settings, SettingsError, TlsSettings};
pub use self::worker::{ProxyWorker, Reply};
