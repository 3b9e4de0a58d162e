//! Timeouts for slow clients, so that no client holds a connection for ever.
//!
//! actix-http limits the time for the first head of a connection, and the idle time after a request that was
//! read to its end. The other limits are here: the time for a body, and the time for which a connection may
//! have no request in progress.

mod body;
mod connection_watchdog;
mod relayed_body;

use std::future::pending;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse};
use futures_util::future::Either;
use tokio::time::sleep;

use self::body::BodyDeadline;
use self::connection_watchdog::WatchedConnection;
pub(crate) use self::connection_watchdog::watch_connections;
use self::relayed_body::RelayedBody;

/// How often a call that waits for its back end looks whether its client is still there.
const CLIENT_CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// Middleware for every route: a body must arrive within `body_limit`, and the watchdog does not close a
/// connection while one of its requests is in progress. After the response to a body that was too slow, the
/// connection is closed. Fails if the handler fails, or the request follows the last one of the connection.
pub(crate) fn enforce<S, B>(
    body_limit: Duration,
    mut request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let connection = request
        .conn_data::<WatchedConnection>()
        .map(WatchedConnection::handle);
    if let Some(connection) = connection
        .as_ref()
        .filter(|connection| connection.is_last_request())
    {
        return Either::Left(connection.clone().reject());
    }
    let in_progress = connection
        .as_ref()
        .map(|connection| connection.begin(&request));
    let deadline = body::limit_time(body_limit, &mut request);
    let response = service.call(request);
    Either::Right(async move {
        let _in_progress = in_progress;
        let mut response = response.await?;
        if deadline.is_some_and(|deadline| deadline.was_missed()) {
            let head = response.response_mut().head_mut();
            head.set_connection_type(ConnectionType::Close);
            // actix-http would continue to read a chunked body, to its end.
            if let Some(connection) = connection {
                connection.shorten_deadline();
            }
        }
        Ok(response)
    })
}

/// Removes the deadline of the body of a request, if it has one: the body goes to a back end, and may take as long as it makes
/// progress.
pub(crate) fn lift_body_deadline(request: &HttpRequest) {
    if let Some(deadline) = request.extensions().get::<BodyDeadline>() {
        deadline.lift();
    }
}

/// Waits until the client has closed its connection. actix-http would wait for the response, because a client may close only
/// its side; a call to a back end ends instead, as with other proxies.
pub(crate) async fn client_closed(request: HttpRequest) {
    let connection = request.conn_data::<WatchedConnection>();
    let Some(connection) = connection.map(WatchedConnection::handle) else {
        return pending().await;
    };
    loop {
        sleep(CLIENT_CHECK_INTERVAL).await;
        if connection.is_closed_by_client() {
            return;
        }
    }
}

/// Returns the response with a body during which the watchdog does not close the connection while the back end is what it waits
/// for.
pub(crate) fn keep_connection_open(request: &HttpRequest, response: HttpResponse) -> HttpResponse {
    let connection = request.conn_data::<WatchedConnection>();
    let Some(connection) = connection.map(WatchedConnection::handle) else {
        return response;
    };
    response.map_body(|_, body| BoxBody::new(RelayedBody::new(body, connection)))
}
