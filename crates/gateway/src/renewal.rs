//! The public application in every worker, and how it is exchanged there while connections go on.
//!
//! actix builds an application once for each worker. What it gets from us is a thin service around the
//! application; a task beside it builds another one and puts it in its place. A request costs that no more
//! than a reference count. Requests under way end with the one that they began with.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use actix_http::Request;
use actix_service::{IntoServiceFactory as _, fn_factory_with_config};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Service, ServiceFactory, ServiceResponse};
use actix_web::rt::spawn;
use tokio::sync::{mpsc, oneshot};

use crate::app::{Ingredients, app};

/// What the workers serve, and how each of them is told of something else.
#[derive(Clone)]
pub(crate) struct Renewal(Arc<Mutex<State>>);

struct State {
    ingredients: Ingredients,
    workers: Vec<mpsc::UnboundedSender<Order>>,
}

/// What a worker is to serve from now on, and whom it tells that it does.
struct Order {
    ingredients: Ingredients,
    done: oneshot::Sender<()>,
}

impl Renewal {
    pub(crate) fn of(ingredients: Ingredients) -> Self {
        Self(Arc::new(Mutex::new(State {
            ingredients,
            workers: Vec::new(),
        })))
    }

    /// What is served now.
    pub(crate) fn ingredients(&self) -> Ingredients {
        self.state().ingredients.clone()
    }

    /// Serves the application made of these. Once this has ended, every request sees it.
    pub(crate) async fn serve(&self, ingredients: Ingredients) {
        let mut pending = Vec::new();
        {
            let mut state = self.state();
            state.ingredients = ingredients.clone();
            state.workers.retain(|worker| {
                let (done, taken) = oneshot::channel();
                let ingredients = ingredients.clone();
                pending.push(taken);
                worker.send(Order { ingredients, done }).is_ok()
            });
        }
        for taken in pending {
            // A worker that ends meanwhile serves nothing.
            drop(taken.await);
        }
    }

    /// What `HttpServer` builds in each worker.
    pub(crate) fn factory(
        self,
    ) -> impl ServiceFactory<
        Request,
        Config = AppConfig,
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    > + 'static {
        fn_factory_with_config(move |config: AppConfig| {
            let renewal = self.clone();
            async move {
                let (ingredients, mut orders) = renewal.enlist();
                let first = build(ingredients, config.clone()).await?;
                let current = Rc::new(RefCell::new(Rc::new(first)));
                let replaced = current.clone();
                spawn(async move {
                    while let Some(Order { ingredients, done }) = orders.recv().await {
                        if let Ok(next) = build(ingredients, config.clone()).await {
                            replaced.replace(Rc::new(next));
                        }
                        // Nobody listens any more if the reload was given up.
                        let _ = done.send(());
                    }
                });
                Ok(Current(current))
            }
        })
    }

    fn enlist(&self) -> (Ingredients, mpsc::UnboundedReceiver<Order>) {
        let (worker, orders) = mpsc::unbounded_channel();
        let mut state = self.state();
        state.workers.push(worker);
        (state.ingredients.clone(), orders)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn build(
    ingredients: Ingredients,
    config: AppConfig,
) -> Result<impl Service<Request, Response = ServiceResponse<impl MessageBody>, Error = Error>, ()>
{
    app(ingredients).into_factory().new_service(config).await
}

/// The application that a worker serves now.
struct Current<S>(Rc<RefCell<Rc<S>>>);

impl<S: Service<Request>> Service<Request> for Current<S> {
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
