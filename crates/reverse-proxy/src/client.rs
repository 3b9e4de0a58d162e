//! What the proxy needs to know of a client's connection.

use actix_web::dev::RequestHead;
use actix_web::http::Version;
use actix_web::http::header::{TRANSFER_ENCODING, UPGRADE};
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

/// How bodies of unknown length end on the client's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientConnection {
    /// With a last chunk: the connection can be used again.
    Chunked,
    /// With the connection: the client has HTTP/1.0.
    Closed,
    /// With the connection: the client has asked for a WebSocket, after which the server passes on what either side sends, in no
    /// framing. Without leave to change the protocol, that is no body of the request.
    Raw,
}

impl From<&RequestHead> for ClientConnection {
    fn from(head: &RequestHead) -> Self {
        let mut protocols = head.headers.get_all(UPGRADE);
        let websocket = protocols.any(|name| {
            name.as_bytes()
                .trim_ascii()
                .eq_ignore_ascii_case(b"websocket")
        });
        if websocket && !head.headers.contains_key(TRANSFER_ENCODING) {
            Self::Raw
        } else if head.version < Version::HTTP_11 {
            Self::Closed
        } else {
            Self::Chunked
        }
    }
}
