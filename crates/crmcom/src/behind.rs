//! For the services behind the gateway: whose a call is, and the refusal if it is nobody's.

use actix_web::dev::RequestHead;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{Data, ServiceConfig, scope, to};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError, Presented};
use isogloss_dialect::cors;

use crate::routes::Answer;
use crate::{Settings, quirks, wire};

/// What clients call their token.
pub const TOKEN_TYPE: &str = "token";

/// A token as it is spelt.
pub fn read(text: &str) -> Option<Presented> {
    wire::token(text.trim()).map(Presented::access)
}

/// The token that a call carries: the parameter `token` of its query. In a body it is for the
/// service to find.
pub fn presented(_settings: &Settings, head: &RequestHead) -> Option<Presented> {
    let query = head.uri.query()?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, token) = pairs.find(|(name, _)| name == "token")?;
    read(&token)
}

/// Answers every call: with nothing but the [`Session`](isogloss_core::Session) in the answer's
/// extensions, or with a refusal. An [`AuthError`] in the request's extensions is a refusal that
/// stands already.
pub fn forward_auth(settings: &Settings, cfg: &mut ServiceConfig) {
    let always_ok = Condition::new(!settings.strict_status, from_fn(quirks::always_ok));
    cfg.app_data(Data::new(settings.clone()))
        .app_data(Data::new(settings.cors()))
        .service(
            scope("")
                .wrap(always_ok)
                .wrap(from_fn(cors::answer))
                .default_service(to(admit)),
        );
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
