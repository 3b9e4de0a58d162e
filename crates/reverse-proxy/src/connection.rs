//! A connection to a back end, and one call after the other over it.

use std::rc::Rc;

use actix_web::rt::spawn;
use actix_web::rt::task::JoinHandle;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Builder, Parts, SendRequest};
use hyper_util::rt::TokioIo;

use crate::connect::Stream;
use crate::error::SendError;
use crate::request_body::{BodyProgress, RequestBody};
use crate::settings::Settings;
use crate::watch::{Phase, Watch};
use crate::watched::Watched;

/// Largest head of a response in bytes, and about as much of each body is read ahead or waits to be sent.
pub(crate) const BUFFER: usize = 64 * 1024;

/// What is left of a connection after an upgrade.
pub(crate) type Upgraded = Parts<TokioIo<Watched>>;

/// An open connection. It is closed if this value is dropped.
pub(crate) struct Connection {
    sender: SendRequest<RequestBody>,
    task: JoinHandle<Option<Upgraded>>,
    watch: Rc<Watch>,
}

/// Why a request has no response.
pub(crate) enum Unanswered {
    /// Not a byte of it was sent.
    NotSent(Box<Request<RequestBody>>),
    /// Some of it may have been sent.
    Lost(SendError),
}

impl Connection {
    /// Begins to speak HTTP on a stream, in a task of its own.
    ///
    /// # Errors
    /// `Unreachable` if the library cannot use the stream.
    pub(crate) async fn open(stream: Stream, settings: &Settings) -> Result<Self, SendError> {
        let watch = Rc::new(Watch::new(settings));
        let stream = TokioIo::new(Watched::new(stream, Rc::clone(&watch)));
        let opened = Builder::new()
            .max_buf_size(BUFFER)
            // As most servers write them: some clients and servers look for this spelling only.
            .title_case_headers(true)
            .handshake(stream)
            .await;
        let (sender, connection) = opened.map_err(|_| SendError::Unreachable)?;
        Ok(Self {
            sender,
            task: spawn(serve(connection, Rc::clone(&watch))),
            watch,
        })
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Returns true if the connection is open, and everything of the last call has been sent and received.
    pub(crate) fn is_ready(&self) -> bool {
        self.sender.is_ready() && !self.sender.is_closed()
    }

    /// Sends a request and waits for the head of the response.
    ///
    /// # Errors
    /// There is no valid head in time.
    pub(crate) async fn send(
        &mut self,
        mut request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, Unanswered> {
        let body = request.body().progress();
        request.body_mut().attach(&self.watch);
        match self.sender.try_send_request(request).await {
            Ok(response) => {
                self.watch.enter(Phase::Receiving);
                Ok(response)
            }
            Err(mut error) => match error.take_message() {
                Some(request) => Err(Unanswered::NotSent(Box::new(request))),
                None => Err(Unanswered::Lost(self.reason(error.error(), &body))),
            },
        }
    }

    fn reason(&self, error: &hyper::Error, body: &BodyProgress) -> SendError {
        if let Some(error) = body.take_error(&self.watch) {
            SendError::Body(error)
        } else if self.watch.is_expired() {
            SendError::TimedOut
        } else if error.is_parse() {
            SendError::InvalidResponse
        } else {
            SendError::Unreachable
        }
    }

    /// Returns the stream after an upgrade, with what was read of it, or `None` if it was closed.
    pub(crate) async fn upgraded(mut self) -> Option<(Upgraded, Rc<Watch>)> {
        self.watch.enter(Phase::Upgraded);
        let parts = (&mut self.task).await.ok().flatten()?;
        Some((parts, Rc::clone(&self.watch)))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Sends and receives until the connection is closed, upgraded, or without progress for too long.
async fn serve(
    connection: http1::Connection<TokioIo<Watched>, RequestBody>,
    watch: Rc<Watch>,
) -> Option<Upgraded> {
    tokio::select! {
        biased;
        // Calls learn of errors themselves.
        ended = connection.without_shutdown() => ended.ok(),
        () = watch.expire() => None,
    }
}
