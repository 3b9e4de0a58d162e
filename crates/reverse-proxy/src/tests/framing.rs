//! What of a call is sent to the back end.

use actix_web::http::Method;
use actix_web::web::Bytes;
use tokio::join;

use super::backend::Backend;
use super::calls::{call, get, headers, post, worker};
use crate::request::OutgoingBody;
use crate::{HostHeader, OutgoingRequest, SendError, Settings};

/// Returns what the back end receives up to `end`, and answers it.
async fn received(
    change: impl FnOnce(&mut Settings),
    request: OutgoingRequest,
    end: &str,
) -> String {
    let backend = Backend::listen().await;
    let mut settings = backend.settings();
    change(&mut settings);
    let worker = worker(settings);
    let server = async {
        let mut peer = backend.accept().await;
        let received = peer.until(end).await;
        peer.send("HTTP/1.1 204 No Content\r\n\r\n").await;
        let port = backend.host_port().port.to_string();
        received.replace(&port, "PORT")
    };
    let client = async {
        let target = request.target.clone();
        let reply = worker.send(request).await.expect(&target);
        assert_eq!(reply.response.status(), 204);
    };
    let ((), received) = join!(client, server);
    received
}

#[actix_web::test]
async fn targets_are_sent_as_received() {
    for target in [
        "/",
        "/a/../b/./c",
        "//double//slash",
        "/a%2Fb%5c;v=1/%00?q=%2F&q=a+b?c",
        "/{\"a\"|^}?{a:`1`}",
        "*",
    ] {
        let mut request = get(target);
        if target == "*" {
            request.method = Method::OPTIONS;
        }
        let method = request.method.clone();
        let request_line = format!("{method} {target} HTTP/1.1\r\nHost: api.example\r\n\r\n");
        let received = received(|_| {}, request, "\r\n\r\n").await;
        assert_eq!(received, request_line);
    }
}

#[actix_web::test]
async fn calls_that_cannot_be_sent_as_they_are_are_refused() {
    let backend = Backend::listen().await;
    let worker = worker(backend.settings());
    for request in [
        get("no-slash"),
        get("http://other.example/"),
        get("/a b"),
        get("/a#b"),
        get("/\r\nx: y"),
        get(""),
        call(Method::CONNECT, "/"),
    ] {
        let target = request.target.clone();
        let reply = worker.send(request).await;
        assert!(matches!(reply, Err(SendError::InvalidRequest)), "{target}");
    }
}

#[actix_web::test]
async fn host_is_what_the_settings_say() {
    for (setting, host) in [
        (HostHeader::Client, "api.example"),
        (HostHeader::Backend, "127.0.0.1:PORT"),
        (HostHeader::Name("inner:8080".to_owned()), "inner:8080"),
    ] {
        let received = received(|settings| settings.host = setting, get("/"), "\r\n\r\n").await;
        assert_eq!(received, format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    }
    let mut request = get("/");
    request.headers.remove("host");
    let received = received(|_| {}, request, "\r\n\r\n").await;
    assert_eq!(received, "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n");
}

#[actix_web::test]
async fn headers_of_the_old_framing_are_replaced() {
    let mut request = post(&["da", "ta"], Some(4));
    request.headers = headers(&[
        ("host", "api.example"),
        ("transfer-encoding", "chunked"),
        ("content-length", "77"),
        ("connection", "close"),
        ("upgrade", "h2c"),
        ("te", "trailers"),
        ("trailer", "x"),
        ("accept", "a"),
        ("accept", "b"),
    ]);
    let received = received(|_| {}, request, "data").await;
    let expected = "POST /upload HTTP/1.1\r\nHost: api.example\r\nAccept: a\r\nAccept: b\r\n\
        Content-Length: 4\r\n\r\ndata";
    assert_eq!(received, expected);
}

#[actix_web::test]
async fn a_body_of_unknown_length_is_sent_in_chunks_with_every_method() {
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let mut request = post(&["da", "ta"], None);
        request.method = method.clone();
        request.body.start = Bytes::from_static(b"first");
        let received = received(|_| {}, request, "0\r\n\r\n").await;
        let expected = format!(
            "{method} /upload HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\r\n\
            5\r\nfirst\r\n2\r\nda\r\n2\r\nta\r\n0\r\n\r\n"
        );
        assert_eq!(received, expected);
    }
}

#[actix_web::test]
async fn a_body_that_was_read_before_is_sent_with_its_length() {
    let mut request = call(Method::PUT, "/");
    request.body.start = Bytes::from_static(b"whole");
    let received = received(|_| {}, request, "whole").await;
    let head = "PUT / HTTP/1.1\r\nHost: api.example\r\nContent-Length: 5\r\n\r\n";
    assert_eq!(received, format!("{head}whole"));
}

#[actix_web::test]
async fn an_empty_body_is_announced_only_if_the_client_did() {
    for (length, header) in [(Some(0), "Content-Length: 0\r\n"), (None, "")] {
        let mut request = call(Method::POST, "/");
        request.body = OutgoingBody {
            length,
            ..OutgoingBody::default()
        };
        let received = received(|_| {}, request, "\r\n\r\n").await;
        let expected = format!("POST / HTTP/1.1\r\nHost: api.example\r\n{header}\r\n");
        assert_eq!(received, expected);
    }
}
