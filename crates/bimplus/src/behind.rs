//! For the services behind the gateway: whose a call is, and the refusal if it is nobody's.

use actix_web::dev::RequestHead;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig, scope, to};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError, Presented, Token};
use isogloss_dialect::cors;

use crate::authorization::{in_header, in_query};
use crate::routes::Answer;
pub use crate::wire::TOKEN_TYPE;
use crate::{REALM, Settings};

/// A token, however it is spelt.
pub fn read(text: &str) -> Option<Presented> {
    Token::from_guid(REALM, text.trim()).map(Presented::access)
}

/// The token that a call carries: in the header, or in the query as downloads have it.
pub fn presented(_settings: &Settings, head: &RequestHead) -> Option<Presented> {
    match in_header(&head.headers) {
        Some(token) => Some(Presented::access(token)),
        None => read(&in_query(head.uri.query()?)?),
    }
}

/// Answers every call: with nothing but the [`Session`](isogloss_core::Session) in the answer's
/// extensions, or with a refusal. An [`AuthError`] in the request's extensions is a refusal that
/// stands already.
pub fn forward_auth(settings: &Settings, cfg: &mut ServiceConfig) {
    cfg.app_data(Data::new(settings.clone()))
        .app_data(Data::new(settings.cors()))
        .service(
            scope("")
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
