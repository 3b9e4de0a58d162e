//! Clients that take their time, so that nobody holds a connection for ever.
//!
//! actix-http bounds the first head of a connection and idleness behind a request that was read to its
//! end. The rest is here: the body, and a connection on which nothing is being answered.

mod body;
mod connection_watchdog;

use std::time::Duration;

use actix_web::Error;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use futures_util::future::Either;

use self::connection_watchdog::Connection;
pub(crate) use self::connection_watchdog::watch;

/// Wraps every route: a body has to be there in time, and a connection does not end while a request is
/// being answered. After the answer to a body that came too slowly, it does.
pub(crate) fn enforce<S, B>(
    body_limit: Duration,
    mut request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    let connection = request.conn_data::<Connection>().map(Connection::handle);
    if let Some(connection) = connection
        .as_ref()
        .filter(|connection| connection.is_last_request())
    {
        return Either::Left(connection.clone().refuse());
    }
    let busy = connection
        .as_ref()
        .map(|connection| connection.begin(&request));
    let late = body::bound(body_limit, &mut request);
    let answer = service.call(request);
    Either::Right(async move {
        let _busy = busy;
        let mut response = answer.await?;
        if late.is_some_and(|late| late.get()) {
            let head = response.response_mut().head_mut();
            head.set_connection_type(ConnectionType::Close);
            // actix-http would go on reading a body in chunks, to its end.
            if let Some(connection) = connection {
                connection.end_soon();
            }
        }
        Ok(response)
    })
}
