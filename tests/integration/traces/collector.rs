//! A collector of spans, as far as a gateway can notice.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

const PATIENCE: Duration = Duration::from_secs(30);

/// A collector of spans. The messages that it receives go through a channel, unchanged.
pub(crate) struct Collector {
    address: SocketAddr,
    messages: Receiver<Vec<u8>>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    pub(crate) fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, messages) = channel();
        // Ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &sender);
            }
        });
        Self { address, messages }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Receives spans until one is `wanted`, and waits up to 30 seconds for each message. Returns that span and
    /// all messages.
    pub(crate) fn until(&self, wanted: impl Fn(&Span) -> bool) -> (Span, Vec<u8>) {
        let mut all = Vec::new();
        loop {
            let message = self.messages.recv_timeout(PATIENCE).unwrap();
            all.extend_from_slice(&message);
            if let Some(span) = spans(&message).into_iter().find(|span| wanted(span)) {
                return (span, all);
            }
        }
    }

    /// Returns what has arrived by now, without waiting.
    pub(crate) fn so_far(&self) -> Vec<u8> {
        self.messages.try_iter().flatten().collect()
    }
}

fn serve(mut stream: TcpStream, messages: &Sender<Vec<u8>>) {
    let mut received = Vec::new();
    let (start, length) = loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap_or(0);
        if count == 0 {
            return;
        }
        received.extend_from_slice(&buffer[..count]);
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut head = httparse::Request::new(&mut headers);
        if let httparse::Status::Complete(start) = head.parse(&received).unwrap() {
            assert_eq!((head.method, head.path), (Some("POST"), Some("/v1/traces")));
            let value = |name: &str| {
                let mut headers = head.headers.iter();
                let header = headers.find(|header| header.name.eq_ignore_ascii_case(name));
                String::from_utf8_lossy(header.unwrap().value).into_owned()
            };
            assert_eq!(value("Content-Type"), "application/x-protobuf");
            break (start, value("Content-Length").parse::<usize>().unwrap());
        }
    };
    let mut rest = vec![0; start + length - received.len()];
    stream.read_exact(&mut rest).unwrap();
    received.extend_from_slice(&rest);
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    drop(stream.write_all(answer.as_bytes()));
    drop(messages.send(received[start..].to_vec()));
}

fn spans(message: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(message).unwrap();
    let resources = request.resource_spans.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

/// Returns the attributes of a span, as text.
pub(crate) fn attributes(span: &Span) -> Vec<(String, String)> {
    let shown = |value: Value| {
        if let Value::IntValue(number) = value {
            return number.to_string();
        }
        let Value::StringValue(text) = value else {
            panic!("{value:?}");
        };
        text
    };
    let attributes = span.attributes.iter().cloned();
    attributes
        .map(|attribute| {
            (
                attribute.key,
                shown(attribute.value.unwrap().value.unwrap()),
            )
        })
        .collect()
}
