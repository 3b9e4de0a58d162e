//! A call in the form that the HTTP library sends.

use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::uri::PathAndQuery;
use http::{Method, Request};

use crate::address::Address;
use crate::client::ClientConnection;
use crate::error::SendError;
use crate::request::{OutgoingBody, OutgoingRequest, Upgrade};
use crate::request_body::{BodyProgress, RequestBody};
use crate::settings::HostHeader;

/// A call that is ready to be sent.
pub(crate) struct Outgoing {
    pub(crate) request: Request<RequestBody>,
    pub(crate) context: CallContext,
    /// `Host` as the caller has it.
    pub(crate) host: Option<HeaderValue>,
}

/// The properties of a call that determine how its response is passed on.
pub(crate) struct CallContext {
    pub(crate) is_head: bool,
    pub(crate) client: ClientConnection,
    pub(crate) body: Rc<BodyProgress>,
    /// What the client sends after an upgrade, if it asked for one.
    pub(crate) upgrade: Option<Payload>,
}

impl Outgoing {
    /// Converts a call.
    ///
    /// # Errors
    /// `InvalidRequest` if a part of it cannot be sent as it is.
    pub(crate) fn new(mut call: OutgoingRequest) -> Result<Self, SendError> {
        let method = Method::from_bytes(call.method.as_str().as_bytes());
        let method = method.map_err(|_| SendError::InvalidRequest)?;
        if method == Method::CONNECT {
            return Err(SendError::InvalidRequest);
        }
        let target = Bytes::from(call.target);
        let parsed = PathAndQuery::from_maybe_shared(target.clone());
        let parsed = parsed.map_err(|_| SendError::InvalidRequest)?;
        if parsed.as_str().as_bytes() != target || !matches!(target.first(), Some(b'/' | b'*')) {
            return Err(SendError::InvalidRequest);
        }
        let mut headers = convert_headers(&call.headers)?;
        let host = headers.get(HOST).filter(|host| !host.is_empty()).cloned();
        let raw = call.client == ClientConnection::Raw && call.body.length.is_none();
        if raw && call.upgrade.is_none() {
            // Such a body would end only with the connection.
            call.body.rest = None;
        }
        let (body, upgrade) = match call.upgrade {
            None => (frame_body(call.body, &mut headers), None),
            Some(Upgrade::WebSocket) => {
                headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                let body = RequestBody::new(Bytes::new(), None, None);
                (body, Some(call.body.rest.unwrap_or(Payload::None)))
            }
        };
        let context = CallContext {
            is_head: method == Method::HEAD,
            client: call.client,
            body: body.progress(),
            upgrade,
        };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = parsed.into();
        *request.headers_mut() = headers;
        Ok(Self {
            request,
            context,
            host,
        })
    }
}

impl HostHeader {
    /// Returns `Host` for an address. `received` is what the caller has.
    ///
    /// # Errors
    /// `InvalidRequest` if the name is no value of a header, which the settings exclude.
    pub(crate) fn value(
        &self,
        received: Option<&HeaderValue>,
        address: &Address,
    ) -> Result<HeaderValue, SendError> {
        let value = match (self, received) {
            (Self::Client, Some(received)) => return Ok(received.clone()),
            (Self::Name(name), _) => HeaderValue::from_str(name),
            (Self::Client, None) | (Self::Backend, _) => {
                HeaderValue::from_str(&address.authority())
            }
        };
        value.map_err(|_| SendError::InvalidRequest)
    }
}

/// Rebuilds the framing of a body: its length if it is known, chunks otherwise.
fn frame_body(body: OutgoingBody, headers: &mut HeaderMap) -> RequestBody {
    let rest = body.rest.filter(|_| body.length != Some(0));
    let length = match rest {
        Some(_) => body.length,
        None => Some(body.start.len() as u64),
    };
    match length {
        Some(0) if body.length.is_none() => {}
        Some(length) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        // Set here, because the library sends no body of unknown length with GET otherwise.
        None => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
    }
    RequestBody::new(body.start, rest, length)
}

/// Converts headers, without those that determine the framing and the connection.
fn convert_headers(headers: &actix_web::http::header::HeaderMap) -> Result<HeaderMap, SendError> {
    let mut converted = HeaderMap::with_capacity(headers.len() + 3);
    // Servers expect it first.
    converted.insert(HOST, HeaderValue::from_static(""));
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(SendError::InvalidRequest);
        };
        if name == HOST {
            converted.insert(name, value);
        } else if !is_decided_here(&name) {
            converted.append(name, value);
        }
    }
    Ok(converted)
}

fn is_decided_here(name: &HeaderName) -> bool {
    [
        CONNECTION,
        CONTENT_LENGTH,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ]
    .contains(name)
}
