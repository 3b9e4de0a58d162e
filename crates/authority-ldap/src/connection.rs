//! A connection to a server: one operation at a time.

use futures_util::FutureExt;
use isogloss_core::authority::{Cause, CauseKind};
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::{Duration, timeout};

use crate::message::{Answer, Entry, Operation, Outcome};
use crate::request::{self, Search};
use crate::wire::{self, MessageLimits};

/// How many references to other servers a search may return. They are not followed.
const MAX_REFERENCES: usize = 1000;

/// How long the end of a connection may take.
const LONGEST_END: Duration = Duration::from_millis(200);

/// A stream of bytes, secure or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// A connection to a server.
pub(crate) struct Connection {
    stream: BufReader<Box<dyn Stream>>,
    security: String,
    last_id: usize,
    /// Whether an operation began and did not end: what the server sends next is of no use.
    in_operation: bool,
    limits: MessageLimits,
}

/// What a search found.
pub(crate) struct Found {
    /// The entries.
    pub(crate) entries: Vec<Entry>,
    /// How the search ended.
    pub(crate) outcome: Outcome,
}

impl Connection {
    /// Returns the connection over a stream, whose security is described for operators.
    pub(crate) fn new(stream: Box<dyn Stream>, security: String) -> Self {
        Self {
            stream: BufReader::new(stream),
            security,
            // The first may have been used for StartTLS.
            last_id: 1,
            in_operation: false,
            limits: MessageLimits::USUAL,
        }
    }

    /// Accepts entries that are as large as a group with many members.
    pub(crate) fn expect_large_entries(&mut self) {
        self.limits = MessageLimits::LARGE;
    }

    /// Returns what is known of the security of the connection.
    pub(crate) fn security(&self) -> &str {
        &self.security
    }

    /// Returns whether the next operation can use the connection: the last one ended, and the server has neither closed
    /// the connection nor sent anything that was not asked for.
    pub(crate) fn is_usable(&mut self) -> bool {
        !self.in_operation && self.stream.fill_buf().now_or_never().is_none()
    }

    /// Binds with a name and a password, neither of which may be empty. Fails if the server does not answer.
    pub(crate) async fn bind(
        &mut self,
        dn: &str,
        password: &SecretString,
    ) -> Result<Outcome, Cause> {
        let id = self.begin();
        let empty = || {
            Cause::new(
                CauseKind::Configuration,
                "an empty name or password is never sent",
            )
        };
        let request = request::bind(id, dn, password).ok_or_else(empty)?;
        self.send(&request).await?;
        match self.receive(id).await? {
            Operation::Bind(outcome) => {
                self.in_operation = false;
                Ok(outcome)
            }
            Operation::Entry(_)
            | Operation::Done(_)
            | Operation::Extended(_)
            | Operation::Reference => Err(wire::malformed("it is not about the bind")),
        }
    }

    /// Searches. Fails if the server does not answer, or sends more than was asked for.
    pub(crate) async fn search(&mut self, search: Search<'_>) -> Result<Found, Cause> {
        let id = self.begin();
        let limit = search.page.as_ref().map_or(search.limit, |(size, _)| *size);
        self.send(&request::search(id, search)).await?;
        let mut entries = Vec::new();
        let mut references = 0;
        loop {
            match self.receive(id).await? {
                Operation::Entry(entry) => entries.push(entry),
                Operation::Reference => references += 1,
                Operation::Done(outcome) => {
                    self.in_operation = false;
                    return Ok(Found { entries, outcome });
                }
                Operation::Bind(_) | Operation::Extended(_) => {
                    return Err(wire::malformed("it is not about the search"));
                }
            }
            if entries.len() > limit || references > MAX_REFERENCES {
                return Err(wire::malformed("it has more entries than were asked for"));
            }
        }
    }

    /// Ends the connection, and tells the server so.
    pub(crate) async fn close(mut self) {
        let id = self.begin();
        let end = async {
            drop(self.send(&request::unbind(id)).await);
            drop(self.stream.shutdown().await);
        };
        // The judgement is known, and the server notices the end in any case.
        drop(timeout(LONGEST_END, end).await);
    }

    fn begin(&mut self) -> usize {
        self.in_operation = true;
        self.last_id += 1;
        self.last_id
    }

    async fn send(&mut self, request: &[u8]) -> Result<(), Cause> {
        let sent = self.stream.write_all(request).await;
        sent.map_err(|error| wire::closed(&error))?;
        let sent = self.stream.flush().await;
        sent.map_err(|error| wire::closed(&error))
    }

    /// Returns the next answer to an operation.
    async fn receive(&mut self, id: usize) -> Result<Operation, Cause> {
        let answer = Answer::parse(wire::read_message(&mut self.stream, self.limits).await?)?;
        match answer.operation {
            operation if answer.id == id => Ok(operation),
            Operation::Extended(outcome) if answer.id == 0 => {
                let notice = format!("the server closes it with result code {}", outcome.code);
                Err(wire::closed(&notice))
            }
            Operation::Bind(_)
            | Operation::Entry(_)
            | Operation::Done(_)
            | Operation::Extended(_)
            | Operation::Reference => Err(wire::malformed("it belongs to another request")),
        }
    }
}

#[cfg(test)]
mod tests;
