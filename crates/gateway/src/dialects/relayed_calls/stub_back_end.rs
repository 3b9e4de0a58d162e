//! A back end that records what it receives, and responds as a test says.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::guard::GuardContext;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use isogloss_dialect::BodyError;
use isogloss_dialect::back_end::{
    BackEnd, BackEndError, RelayError, RelayedCall, SharedBackEnd, TokenPolicy,
};

/// A call as the back end received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReceivedCall {
    /// The user of the session, `None` without one.
    pub(super) user: Option<String>,
    pub(super) path: String,
    pub(super) body: Bytes,
}

#[derive(Clone)]
pub(super) struct StubBackEnd {
    pub(super) policy: TokenPolicy,
    pub(super) limit: usize,
    /// The path of the calls that it claims.
    pub(super) claimed: &'static str,
    pub(super) response: fn() -> Result<HttpResponse, BackEndError>,
    pub(super) received: Rc<RefCell<Vec<ReceivedCall>>>,
}

impl StubBackEnd {
    pub(super) fn shared(&self) -> SharedBackEnd {
        Rc::new(self.clone())
    }

    /// Returns the calls that it received since the last time.
    pub(super) fn take_received(&self) -> Vec<ReceivedCall> {
        self.received.take()
    }
}

impl Default for StubBackEnd {
    fn default() -> Self {
        Self {
            policy: TokenPolicy::Required,
            limit: 64 * 1024,
            claimed: "",
            response: || Ok(HttpResponse::Ok().finish()),
            received: Rc::default(),
        }
    }
}

impl BackEnd for StubBackEnd {
    fn claims(&self, call: &GuardContext<'_>) -> bool {
        call.head().uri.path() == self.claimed
    }

    fn token_policy(&self, _call: &HttpRequest) -> TokenPolicy {
        self.policy
    }

    fn token_search_limit(&self) -> usize {
        self.limit
    }

    fn relay(
        &self,
        call: RelayedCall,
    ) -> LocalBoxFuture<'static, Result<HttpResponse, RelayError>> {
        let Self {
            received, response, ..
        } = self.clone();
        async move {
            let mut body = BytesMut::from(&call.body.start[..]);
            if let Some(mut rest) = call.body.rest {
                while let Some(chunk) = rest.next().await {
                    body.extend_from_slice(&chunk.map_err(|error| BodyError::from(&error))?);
                }
            }
            received.borrow_mut().push(ReceivedCall {
                user: call.session.map(|session| session.user.user_name.clone()),
                path: call.request.path().to_owned(),
                body: body.freeze(),
            });
            Ok(response()?)
        }
        .boxed_local()
    }
}
