//! Calls of tests, and what comes of them.

use actix_web::body::to_bytes;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use futures_util::stream::{Stream, iter};

use crate::client::ClientConnection;
use crate::request::{OutgoingBody, OutgoingRequest};
use crate::worker::Reply;
use crate::{ClientGone, ProxyWorker, ReverseProxy, Settings};

/// Returns a worker of a new proxy.
pub(super) fn worker(settings: Settings) -> ProxyWorker {
    proxy(settings).worker()
}

pub(super) fn proxy(settings: Settings) -> ReverseProxy {
    ReverseProxy::new("test", settings).unwrap()
}

/// Returns a call without a body.
pub(super) fn call(method: Method, target: &str) -> OutgoingRequest {
    OutgoingRequest {
        method,
        target: target.to_owned(),
        headers: headers(&[("host", "api.example")]),
        body: OutgoingBody::default(),
        upgrade: None,
        client_gone: ClientGone::default(),
        client: ClientConnection::Chunked,
    }
}

pub(super) fn get(target: &str) -> OutgoingRequest {
    call(Method::GET, target)
}

/// Returns a `POST` with a body that comes in these chunks.
pub(super) fn post(chunks: &[&'static str], length: Option<u64>) -> OutgoingRequest {
    let chunks: Vec<_> = chunks
        .iter()
        .map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())))
        .collect();
    post_stream(iter(chunks), length)
}

pub(super) fn post_stream(
    chunks: impl Stream<Item = Result<Bytes, PayloadError>> + 'static,
    length: Option<u64>,
) -> OutgoingRequest {
    let mut request = call(Method::POST, "/upload");
    request.body = OutgoingBody {
        start: Bytes::new(),
        rest: Some(payload(chunks)),
        length,
    };
    request
}

pub(super) fn payload(
    chunks: impl Stream<Item = Result<Bytes, PayloadError>> + 'static,
) -> Payload {
    Payload::Stream {
        payload: Box::pin(chunks),
    }
}

pub(super) fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        })
        .collect()
}

/// Returns the body, or `None` if it breaks off.
pub(super) async fn body_of(reply: Reply) -> Option<Bytes> {
    to_bytes(reply.response.into_body()).await.ok()
}
