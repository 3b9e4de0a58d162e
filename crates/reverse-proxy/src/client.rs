//! What the proxy needs to know of a client's connection.

use actix_web::dev::RequestHead;
use actix_web::http::Version;
use actix_web::http::header::UPGRADE;
use tokio_util::sync::CancellationToken;

/// Tells a relayed call that its client has closed the connection. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct ClientGone(CancellationToken);

impl ClientGone {
    /// Ends the call. A later call with this handle ends at once.
    pub fn raise(&self) {
        self.0.cancel();
    }

    /// Waits until the client is gone.
    pub(crate) async fn raised(&self) {
        self.0.cancelled().await;
    }
}

/// How a response of unknown length can end on the client's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientConnection {
    /// With a last chunk: the connection can be used again.
    Chunked,
    /// With the connection: the client has HTTP/1.0, or has asked for an upgrade, after which the server sends no chunks.
    Closed,
}

impl From<&RequestHead> for ClientConnection {
    fn from(head: &RequestHead) -> Self {
        if head.version < Version::HTTP_11 || head.headers.contains_key(UPGRADE) {
            Self::Closed
        } else {
            Self::Chunked
        }
    }
}
