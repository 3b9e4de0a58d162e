//! The public application, its middleware, and HTTP parts that both listeners use.

pub(crate) mod api_key;
pub(crate) mod completion;
mod dialect_middleware;
mod dialect_scopes;
pub(crate) mod drain;
mod original_target;
pub(crate) mod public;
pub(crate) mod security_headers;
pub(crate) mod self_probe;
pub(crate) mod timeouts;
mod unrouted;
