//! A call as the gateway wants it to be sent.

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;

use crate::client::{ClientConnection, ClientGone};

/// A call that goes to a back end.
pub struct OutgoingRequest {
    /// The method. `CONNECT` is refused.
    pub method: Method,
    /// The target in origin form, byte for byte as the client sent it.
    pub target: String,
    /// End-to-end headers: those left by [`remove_from_request`](crate::remove_from_request), and the caller's own. `Host` is
    /// replaced as the settings require.
    pub headers: HeaderMap,
    /// The body. After an upgrade, `rest` is what the client sends.
    pub body: OutgoingBody,
    /// The protocol that the client wants to change to. `None` if there is none, or if the settings do not allow it.
    pub upgrade: Option<Upgrade>,
    /// Tells that the client is gone.
    pub client_gone: ClientGone,
    /// How bodies of unknown length end on the client's connection.
    pub client: ClientConnection,
}

/// The body of a call, of which a part may have been read.
#[derive(Default)]
pub struct OutgoingBody {
    /// The first bytes.
    pub start: Bytes,
    /// What follows, or `None` if `start` is the whole body.
    pub rest: Option<Payload>,
    /// Number of bytes of the whole body, or `None` if the client announced none. With `rest`, `None` means that the body is sent in
    /// chunks. Without `rest`, the body is `start`: `None` means that there is no body if `start` is empty, and the value of a number
    /// has no effect.
    pub length: Option<u64>,
}

/// A protocol that a connection can be upgraded to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    /// RFC 6455.
    WebSocket,
}
