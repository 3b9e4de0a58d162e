//! A request as the back end received it.

/// How much of a body is recorded.
const RECORDED: usize = 8 * 1024 * 1024;

/// A request as the back end received it, which may not be complete yet.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    /// The number of its connection within the back end; the first one is 1.
    pub connection: usize,
    /// The request line and the headers, with the empty line, byte for byte.
    pub head: Vec<u8>,
    /// The first 8 MiB of the body, without chunk framing.
    pub body: Vec<u8>,
    /// How many bytes of the body have arrived.
    pub body_length: u64,
    /// The trailers, byte for byte, without the empty line.
    pub trailers: Vec<u8>,
    /// Whether the request has arrived to its end.
    pub is_complete: bool,
}

impl RecordedRequest {
    pub(super) fn new(connection: usize, head: Vec<u8>) -> Self {
        Self {
            connection,
            head,
            body: Vec::new(),
            body_length: 0,
            trailers: Vec::new(),
            is_complete: false,
        }
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.body_length += bytes.len() as u64;
        let room = RECORDED - self.body.len();
        self.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Returns the head as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.head).into_owned()
    }

    /// Returns the request line.
    pub fn line(&self) -> String {
        let text = self.text();
        text.split("\r\n").next().unwrap_or_default().to_owned()
    }

    /// Returns the target in the request line. Empty if there is none.
    pub fn target(&self) -> String {
        let line = self.line();
        line.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// Returns names and values of all headers, in their order and spelling. A line without a colon is a name without a
    /// value.
    pub fn headers(&self) -> Vec<(String, String)> {
        let text = self.text();
        let lines = text.split("\r\n").skip(1).filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                (name.to_owned(), value.trim().to_owned())
            })
            .collect()
    }

    /// Returns the values of all headers with that name, in any letter case.
    pub fn all(&self, name: &str) -> Vec<String> {
        let headers = self.headers().into_iter();
        headers
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }

    /// Returns the value of the first header with that name, in any letter case. `None` if there is none.
    pub fn header(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }
}
