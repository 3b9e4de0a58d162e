//! The head of a response: its checks, and its conversion.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::body::BodySize;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::response::Parts;
use http::{Response, Version};
use hyper::body::{Body as _, Incoming};

use crate::client::ClientConnection;
use crate::connection::Connection;
use crate::error::SendError;
use crate::hop_by_hop::remove_from_response;
use crate::idle::IdleConnections;
use crate::outgoing::CallContext;
use crate::response_body::{Receiving, ResponseBody};
use crate::tunnel;
use crate::worker::Lease;

/// A response, and what is needed to pass it on.
pub(crate) struct Answered {
    pub(crate) response: Response<Incoming>,
    pub(crate) connection: Connection,
    pub(crate) idle: Rc<IdleConnections>,
    pub(crate) context: CallContext,
    pub(crate) lease: Lease,
}

/// Converts a response. Its body is read from the connection as it is sent.
///
/// # Errors
/// `InvalidResponse` if its length is ambiguous, or it changes the protocol without having been asked.
pub(crate) async fn convert(mut answered: Answered) -> Result<HttpResponse, SendError> {
    let (head, incoming) = answered.response.into_parts();
    if let Err(error) = check(&head, &answered.context) {
        answered.lease.attempt.fail(&error);
        return Err(error);
    }
    answered.lease.attempt.succeed();
    let headers = convert_headers(&head)?;
    let mut builder = HttpResponse::build(convert_status(&head)?);
    if let Some(client) = answered.context.upgrade.take()
        && head.status == http::StatusCode::SWITCHING_PROTOCOLS
    {
        let upgraded = answered.connection.upgraded().await;
        let (parts, watch) = upgraded.ok_or(SendError::Unreachable)?;
        watch.hold(answered.lease);
        let body = tunnel::open(parts, watch, client);
        let mut response = builder.upgrade("websocket").body(body);
        append(&mut response, headers);
        return Ok(response);
    }
    let size = body_size(&head, &incoming, &answered.context);
    answered.connection.watch().hold(answered.lease);
    let receiving = Receiving {
        connection: answered.connection,
        idle: answered.idle,
        request: answered.context.body,
        reusable: head.version == Version::HTTP_11,
    };
    let body = ResponseBody::new(incoming, size, receiving);
    let mut response = builder.body(body);
    append(&mut response, headers);
    if size == BodySize::Stream && answered.context.client != ClientConnection::Chunked {
        let head = response.head_mut();
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// Checks what the library does not.
fn check(head: &Parts, context: &CallContext) -> Result<(), SendError> {
    let switches = head.status == http::StatusCode::SWITCHING_PROTOCOLS;
    let asked = context.upgrade.is_some();
    let to_websocket = head
        .headers
        .get(UPGRADE)
        .is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if switches && !(asked && to_websocket) {
        return Err(SendError::InvalidResponse);
    }
    let mut encodings = head.headers.get_all(TRANSFER_ENCODING).iter();
    let chunked = encodings.next();
    let only_chunked =
        chunked.is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"chunked"));
    let lengths: Vec<_> = head.headers.get_all(CONTENT_LENGTH).iter().collect();
    let has_length = !lengths.is_empty();
    if !only_chunked || encodings.next().is_some() || (chunked.is_some() && has_length) {
        return Err(SendError::InvalidResponse);
    }
    // The library does not read them if there is no body.
    let is_number = |value: &&http::HeaderValue| {
        value.as_bytes().iter().all(u8::is_ascii_digit) && !value.is_empty()
    };
    let same = lengths.windows(2).all(|pair| pair[0] == pair[1]);
    if lengths.iter().all(is_number) && same {
        Ok(())
    } else {
        Err(SendError::InvalidResponse)
    }
}

/// Returns how long the body is, which has no bytes if the response is one to `HEAD`.
fn body_size(head: &Parts, incoming: &Incoming, context: &CallContext) -> BodySize {
    match head.status {
        http::StatusCode::NO_CONTENT | http::StatusCode::NOT_MODIFIED => BodySize::None,
        _ if context.is_head => announced_length(head).map_or(BodySize::None, BodySize::Sized),
        _ => {
            let length = incoming.size_hint().exact();
            length.map_or(BodySize::Stream, BodySize::Sized)
        }
    }
}

fn announced_length(head: &Parts) -> Option<u64> {
    let length = head.headers.get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

fn convert_status(head: &Parts) -> Result<StatusCode, SendError> {
    StatusCode::from_u16(head.status.as_u16()).map_err(|_| SendError::InvalidResponse)
}

fn convert_headers(head: &Parts) -> Result<HeaderMap, SendError> {
    let mut headers = HeaderMap::with_capacity(head.headers.len());
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(SendError::InvalidResponse);
        };
        headers.append(name, value);
    }
    remove_from_response(&mut headers);
    if head.status != http::StatusCode::NOT_MODIFIED {
        // The server writes the length of the body itself.
        headers.remove(actix_web::http::header::CONTENT_LENGTH);
    }
    Ok(headers)
}

fn append(response: &mut HttpResponse, headers: HeaderMap) {
    for (name, value) in headers {
        response.headers_mut().append(name, value);
    }
}
