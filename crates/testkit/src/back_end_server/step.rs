//! What a back end does with a request, step by step.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

const BLOCK: usize = 64 * 1024;

/// What a back end does after the head of a request. If a body was not read at the end of all steps, the connection is
/// closed.
#[derive(Debug, Clone)]
pub enum Step {
    /// Reads the body of the request to its end.
    ReadBody,
    /// Reads at least that many bytes of the body, if it is that long.
    ReadSome(u64),
    /// Sends bytes.
    Send(Vec<u8>),
    /// Sends the same bytes that many times.
    Repeat(Vec<u8>, u64),
    /// Reads the body, and sends a 200 response with it and with its `Content-Type`.
    Echo,
    /// Reads the body, and sends the 200 response of JSON that a function returns for it.
    Decide(Decider),
    /// Accepts an upgrade to WebSocket, and sends back all bytes that follow, as they are, until the connection ends.
    WebSocketEcho,
    /// Sends nothing until the signal is raised.
    Wait(Signal),
    /// Sends nothing for that long.
    Pause(Duration),
    /// Closes the connection with a FIN.
    Close,
    /// Closes the connection with a RST.
    Reset,
}

/// Returns the JSON of a response for the body of a request.
#[derive(Clone)]
pub struct Decider(Arc<Decide>);

type Decide = dyn Fn(&[u8]) -> String + Send + Sync;

impl Decider {
    /// Creates one from a function.
    pub fn new(decide: impl Fn(&[u8]) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }

    pub(super) fn response(&self, body: &[u8]) -> Vec<u8> {
        let json = (self.0)(body);
        let length = json.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        [head, json].concat().into_bytes()
    }
}

impl fmt::Debug for Decider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decider")
    }
}

impl Step {
    /// Returns the steps that read the whole request and send these bytes.
    pub fn respond(response: impl Into<Vec<u8>>) -> Vec<Self> {
        vec![Self::ReadBody, Self::Send(response.into())]
    }

    /// Returns the steps that read the whole request and send a 200 response with that text.
    pub fn text(text: &str) -> Vec<Self> {
        Self::respond(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        ))
    }

    /// Returns the steps that read the whole request and send a 200 response with a body of that many bytes.
    pub fn download(length: u64) -> Vec<Self> {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        let mut steps = Self::respond(head);
        let block = vec![b'd'; BLOCK];
        let blocks = length / BLOCK as u64;
        let rest = usize::try_from(length % BLOCK as u64).unwrap_or_default();
        let rest = block[..rest].to_vec();
        steps.extend([Self::Repeat(block, blocks), Self::Send(rest)]);
        steps
    }

    /// Returns the steps that send nothing until the connection ends.
    pub fn silence() -> Vec<Self> {
        vec![Self::ReadBody, Self::Wait(Signal::default())]
    }
}

/// What a back end waits for. It stays raised once it is raised, and its copies with it.
#[derive(Debug, Clone, Default)]
pub struct Signal(watch::Sender<bool>);

impl Signal {
    /// Lets every connection that waits for the signal go on, and those that will.
    pub fn raise(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn raised(&self) {
        // The sender outlives the receiver, so there is no error.
        drop(self.0.subscribe().wait_for(|is_raised| *is_raised).await);
    }
}
