use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_service::{fn_service, map_config};
use actix_web::rt::task::yield_now;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

/// A handler that changes something, waits for a permit, and records the change.
#[derive(Clone)]
struct Handler {
    gate: Rc<Semaphore>,
    changed: Rc<Cell<usize>>,
    recorded: Rc<Cell<usize>>,
}

impl Handler {
    fn new() -> Self {
        Self {
            gate: Rc::new(Semaphore::new(0)),
            changed: Rc::default(),
            recorded: Rc::default(),
        }
    }

    async fn answer(self) {
        self.changed.set(self.changed.get() + 1);
        self.gate.acquire().await.unwrap().forget();
        self.recorded.set(self.recorded.get() + 1);
    }
}

#[actix_web::test]
async fn a_request_that_is_dropped_between_change_and_record_is_processed_to_its_end() {
    let handler = Handler::new();
    let mut request = Box::pin(complete(handler.clone().answer()));
    assert!(futures_util::poll!(&mut request).is_pending());
    drop(request);
    yield_now().await;
    assert_eq!((handler.changed.get(), handler.recorded.get()), (1, 0));
    handler.gate.add_permits(1);
    let recorded = async {
        while handler.recorded.get() == 0 {
            yield_now().await;
        }
    };
    timeout(PATIENCE, recorded).await.expect("it was dropped");
    assert_eq!((handler.changed.get(), handler.recorded.get()), (1, 1));
}

#[actix_web::test]
async fn a_connection_is_open_until_the_requests_that_its_client_abandoned_are_processed() {
    let handler = Handler::new();
    let in_flight = InFlightRequests::default();
    // Like actix-http after a broken connection, the service drops its request at once.
    let service = {
        let handler = handler.clone();
        fn_service(move |_: TcpStream| {
            let answer = handler.clone().answer();
            async move {
                let mut request = Box::pin(complete(answer));
                assert!(futures_util::poll!(&mut request).is_pending());
                Ok::<_, ()>(())
            }
        })
    };
    let service = count_until_processed(map_config(service, |()| ()), in_flight.clone());
    let service = service.new_service(()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let mut connection = Box::pin(service.call(stream));
    assert!(futures_util::poll!(&mut connection).is_pending());
    yield_now().await;
    assert!(futures_util::poll!(&mut connection).is_pending());
    assert_eq!((in_flight.count(), handler.recorded.get()), (1, 0));
    handler.gate.add_permits(1);
    connection.await.unwrap();
    assert_eq!((in_flight.count(), handler.recorded.get()), (0, 1));
}

#[actix_web::test]
async fn a_handler_that_panics_is_not_polled_again_and_does_not_count() {
    let in_flight = InFlightRequests::default();
    let connection = Rc::new(ConnectionTasks {
        in_flight: in_flight.clone(),
        abandoned: RefCell::default(),
    });
    let panicking = async { complete(async { panic!("in a handler") }).await };
    let handled = spawn(CONNECTION.scope(Rc::clone(&connection), panicking));
    assert!(handled.await.unwrap_err().is_panic());
    assert_eq!(in_flight.count(), 0);
    assert!(connection.abandoned.borrow().is_empty());
}
