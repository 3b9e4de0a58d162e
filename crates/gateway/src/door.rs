//! The door of a dialect: who comes is counted, and what the answer amounts to.

use actix_web::Error;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use isogloss_core::{Auth, Client, Source};

use crate::dialects::Mount;
use crate::probe;
use crate::usage::{Call, Counter, Endpoints, Usage, user_agent};

/// Where all calls to a dialect come through. Each thread has its own.
#[derive(Clone)]
pub(crate) struct Door {
    dialect: &'static str,
    auth: Auth,
    counter: Counter,
    endpoints: Endpoints,
}

/// A call on its way in and out.
pub(crate) struct Passage {
    door: Door,
    call: Option<Call>,
}

impl Door {
    pub(crate) fn new(mount: &Mount, auth: &Auth, usage: &Usage) -> Self {
        Self {
            dialect: mount.name,
            auth: auth.clone(),
            counter: usage.counter(),
            endpoints: Endpoints::of(mount),
        }
    }

    /// A call comes in.
    pub(crate) fn enter(&self, request: &ServiceRequest, source: Option<Source>) -> Passage {
        // What a browser asks by itself, and the doctor, is nobody's use of the dialect.
        let counts = self.counter.is_on()
            && request.method() != Method::OPTIONS
            && !request.headers().contains_key(probe::HEADER);
        let call = counts.then(|| Call {
            dialect: self.dialect,
            endpoint: self.endpoints.find(request.match_pattern()),
            user_agent: user_agent(request.head()),
            source,
        });
        Passage {
            door: self.clone(),
            call,
        }
    }
}

impl Passage {
    /// Answers it, and counts it once that is done.
    pub(crate) async fn answer<B, F>(self, answering: F) -> Result<ServiceResponse<B>, Error>
    where
        F: Future<Output = Result<ServiceResponse<B>, Error>>,
    {
        let (outcome, client) = Client::meet(None, answering).await;
        if let Some(call) = &self.call {
            let now = self.door.auth.now();
            self.door
                .counter
                .note(call, client, is_refusal(&outcome), now);
        }
        outcome
    }
}

/// What it amounts to, which may be more than the dialect's status says.
fn is_refusal<B>(outcome: &Result<ServiceResponse<B>, Error>) -> bool {
    match outcome {
        Err(_) => true,
        Ok(response) => {
            let status = response.status();
            response.response().error().is_some()
                || status.is_client_error()
                || status.is_server_error()
        }
    }
}
