//! How long a body may take. Who waits for it gets an error then, and answers in a dialect's words.

use std::cell::Cell;
use std::io::ErrorKind;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _};
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

use super::connection::Connection;

/// Wraps every route. After the answer to a body that came too slowly, the connection ends.
pub(crate) async fn bound_body<B: MessageBody>(
    limit: Duration,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return next.call(request).await;
    }
    let late = Rc::new(Cell::new(false));
    let bounded = Bounded {
        payload,
        deadline: Box::pin(sleep(limit)),
        late: Rc::clone(&late),
    };
    request.set_payload(Payload::Stream {
        payload: Box::pin(bounded),
    });
    let connection = request.conn_data::<Connection>().map(Connection::handle);
    let mut response = next.call(request).await?;
    if late.get() {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
        // actix-http would go on reading a body in chunks, to its end.
        if let Some(connection) = connection {
            connection.end_soon();
        }
    }
    Ok(response)
}

/// A body that has to be there in time.
struct Bounded {
    payload: Payload,
    deadline: Pin<Box<Sleep>>,
    late: Rc<Cell<bool>>,
}

impl Stream for Bounded {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = Pin::new(&mut self.payload).poll_next(cx);
        if item.is_pending() && self.deadline.as_mut().poll(cx).is_ready() {
            self.late.set(true);
            let error = PayloadError::Io(ErrorKind::TimedOut.into());
            return Poll::Ready(Some(Err(error)));
        }
        item
    }
}
