//! For the services behind the gateway: whose a call is, and the refusal if it is nobody's.

use actix_web::dev::RequestHead;
use actix_web::web::{Data, ServiceConfig, scope, to};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError, Presented};

use crate::routes::Answer;
use crate::{Settings, wire};

/// What clients call their token.
pub const TOKEN_TYPE: &str = "Tollgate";

/// A pass as it is spelt.
pub fn read(text: &str) -> Option<Presented> {
    wire::parse(text.trim()).map(Presented::access)
}

/// The pass that a call carries.
pub fn presented(_settings: &Settings, head: &RequestHead) -> Option<Presented> {
    wire::pass(&head.headers).map(Presented::access)
}

/// Answers every call: with nothing but the [`Session`](isogloss_core::Session) in the answer's
/// extensions, or with a refusal. An [`AuthError`] in the request's extensions is a refusal that
/// stands already.
pub fn forward_auth(settings: &Settings, cfg: &mut ServiceConfig) {
    cfg.app_data(Data::new(settings.clone()))
        .service(scope("").default_service(to(admit)));
}

async fn admit(auth: Data<Auth>, settings: Data<Settings>, request: HttpRequest) -> Answer {
    if let Some(refusal) = request.extensions_mut().remove::<AuthError>() {
        return Err(refusal.into());
    }
    let presented = presented(&settings, request.head());
    let session = auth
        .open(&presented.ok_or(AuthError::InvalidToken)?)
        .await?;
    let mut answer = HttpResponse::NoContent();
    answer.extensions_mut().insert(session);
    Ok(answer.finish())
}
