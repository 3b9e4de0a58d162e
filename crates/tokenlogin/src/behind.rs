//! For the services behind the gateway: whose a call is, and the refusal if it is nobody's.

use actix_web::dev::RequestHead;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig, scope, to};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError, Presented, Token};
use isogloss_dialect::cors;

use crate::query::{self, Call};
use crate::routes::Answer;
use crate::{REALM, Settings, quirks};

/// What clients call their token.
pub const TOKEN_TYPE: &str = "APIToken";

/// A session token, however it is spelt.
pub fn read(text: &str) -> Option<Presented> {
    Token::from_guid(REALM, text.trim()).map(Presented::access)
}

/// The token that a call carries: the parameter `APIToken`, in any case.
pub fn presented(_settings: &Settings, head: &RequestHead) -> Option<Presented> {
    read(&query::api_token(head.uri.query()?)?)
}

/// Answers every call: with nothing but the [`Session`](isogloss_core::Session) in the answer's
/// extensions, or with a refusal. The developer's key has to be right, too. An [`AuthError`] in the
/// request's extensions is a refusal that stands already.
pub fn forward_auth(settings: &Settings, cfg: &mut ServiceConfig) {
    cfg.app_data(Data::new(settings.clone()))
        .app_data(Data::new(settings.cors()))
        .service(
            scope("")
                .wrap(from_fn(cors::answer))
                .wrap(from_fn(quirks::answer))
                .default_service(to(admit)),
        );
}

async fn admit(auth: Data<Auth>, request: HttpRequest) -> Answer {
    if let Some(refusal) = request.extensions_mut().remove::<AuthError>() {
        return Err(refusal.into());
    }
    Call::check(&auth, &request).await?;
    let session = query::session(&auth, &request).await?;
    let mut answer = HttpResponse::NoContent();
    answer.extensions_mut().insert(session);
    Ok(answer.finish())
}
