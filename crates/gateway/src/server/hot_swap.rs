//! Hot swap of the application in every worker of a listener, while connections stay open.
//!
//! actix builds an application once for each worker. Here it builds a thin service around the application. A
//! task in the same worker builds a new application and replaces the current one. The cost for a request is a
//! reference count. A request in progress ends with the application that it began with.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_http::Request;
use actix_service::{IntoServiceFactory as _, fn_factory_with_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::rt::spawn;
use actix_web::{App, Error};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{mpsc, oneshot};
use tracing::error;

/// State from which the workers build their applications, with a channel to each worker for a new one.
#[derive(Clone)]
pub(crate) struct HotSwap<I>(Arc<Mutex<SwapState<I>>>);

struct SwapState<I> {
    state: I,
    workers: Vec<mpsc::UnboundedSender<Swap<I>>>,
}

/// Factory of the service of a worker.
pub(crate) trait Application<B>:
    ServiceFactory<
        Request,
        Config = AppConfig,
        Response = ServiceResponse<B>,
        Error = Error,
        InitError = (),
    > + 'static
{
}

impl<B, F> Application<B> for F where
    F: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static
{
}

/// State that a worker must serve from now on, with a channel to confirm that it does.
struct Swap<I> {
    state: I,
    done: oneshot::Sender<()>,
}

impl<I: Clone + Send + 'static> HotSwap<I> {
    /// Returns a hot swap that serves this state first.
    pub(crate) fn new(state: I) -> Self {
        Self(Arc::new(Mutex::new(SwapState {
            state,
            workers: Vec::new(),
        })))
    }

    /// Returns the state that is served now.
    pub(crate) fn state(&self) -> I {
        self.lock().state.clone()
    }

    /// Replaces the application in every worker by one that is built from `state`. Completes when every new
    /// request is served by it.
    pub(crate) async fn serve(&self, state: I) {
        let mut pending = Vec::new();
        {
            let mut swap_state = self.lock();
            swap_state.state = state.clone();
            swap_state.workers.retain(|worker| {
                let (done, taken) = oneshot::channel();
                let state = state.clone();
                pending.push(taken);
                worker.send(Swap { state, done }).is_ok()
            });
        }
        for taken in pending {
            // An error means that the worker has ended, and serves nothing.
            drop(taken.await);
        }
    }

    /// Returns the factory of the service that a server runs in each worker. `app` builds the application from
    /// its state.
    pub(crate) fn factory<S, B>(&self, app: fn(I) -> App<S>) -> impl Application<B> + use<I, S, B>
    where
        S: ServiceFactory<
                ServiceRequest,
                Config = (),
                Response = ServiceResponse<B>,
                Error = Error,
                InitError = (),
            > + 'static,
        B: MessageBody + 'static,
    {
        let hot_swap = self.clone();
        fn_factory_with_config(move |config: AppConfig| {
            let hot_swap = hot_swap.clone();
            async move {
                let (state, mut swaps) = hot_swap.register_worker();
                let first = build(app(state), config.clone()).await?;
                let current = Rc::new(RefCell::new(Rc::new(first)));
                let replaced = current.clone();
                spawn(async move {
                    while let Some(Swap { state, done }) = swaps.recv().await {
                        match build(app(state), config.clone()).await {
                            Ok(next) => drop(replaced.replace(Rc::new(next))),
                            Err(()) => {
                                error!("a worker cannot be reloaded and keeps its configuration");
                            }
                        }
                        // The receiver is gone if the reload was given up.
                        let _ = done.send(());
                    }
                });
                Ok(CurrentApplication(current))
            }
        })
    }

    /// Returns the current state, and a channel for later ones.
    fn register_worker(&self) -> (I, mpsc::UnboundedReceiver<Swap<I>>) {
        let (worker, swaps) = mpsc::unbounded_channel();
        let mut state = self.lock();
        state.workers.push(worker);
        (state.state.clone(), swaps)
    }

    fn lock(&self) -> MutexGuard<'_, SwapState<I>> {
        self.0.lock()
    }
}

/// Returns the service of an application. Fails if the application cannot be initialized.
async fn build<S, B>(
    app: App<S>,
    config: AppConfig,
) -> Result<impl Service<Request, Response = ServiceResponse<B>, Error = Error>, ()>
where
    S: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    app.into_factory().new_service(config).await
}

/// Service that passes requests to the current application of a worker.
struct CurrentApplication<S>(Rc<RefCell<Rc<S>>>);

impl<S: Service<Request>> Service<Request> for CurrentApplication<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.borrow().poll_ready(context)
    }

    fn call(&self, request: Request) -> S::Future {
        let application = self.0.borrow().clone();
        application.call(request)
    }
}
