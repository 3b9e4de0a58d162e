//! For the services behind the gateway: whose a call is, and the refusal if it is nobody's.

use actix_web::dev::RequestHead;
use actix_web::http::header::{COOKIE, HeaderMap};
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig, scope, to};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError, Presented, Purpose, Token};
use isogloss_dialect::cors;

use crate::caller::header;
use crate::routes::Answer;
use crate::{Settings, quirks, wire};

/// What clients call their token.
pub const TOKEN_TYPE: &str = "ApiToken";

/// A token as it is spelt.
pub fn read(text: &str) -> Option<Presented> {
    let (number, token) = wire::parse_token(text)?;
    Some(Presented {
        token,
        purposes: &[Purpose::Access, Purpose::Impersonation],
        user_number: Some(number),
    })
}

/// The token that a call carries: the parameter `token` of its query, else that of the header, else
/// the cookie of a browser session. In a body it is for the service to find.
pub fn presented(settings: &Settings, head: &RequestHead) -> Option<Presented> {
    let text = in_query(head.uri.query().unwrap_or_default());
    let text = text.or_else(|| header(&head.headers));
    let text = text.or_else(|| in_cookie(&head.headers, &settings.cookie_name));
    read(&text?)
}

/// The tokens that a login carries beside the password: that of the head, and a parameter's.
pub(crate) fn proofs(
    settings: &Settings,
    head: &RequestHead,
    parameter: Option<&str>,
) -> Vec<Token> {
    let parameter = parameter.and_then(read);
    let presented = presented(settings, head).into_iter().chain(parameter);
    presented.map(|presented| presented.token).collect()
}

fn in_query(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let token = pairs.find(|(name, value)| name == "token" && !value.is_empty());
    token.map(|(_, value)| value.into_owned())
}

fn in_cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers
        .get_all(COOKIE)
        .filter_map(|line| line.to_str().ok());
    let mut cookies = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='));
    let (_, token) = cookies.find(|(key, _)| *key == name)?;
    Some(token.to_owned())
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
                .wrap(from_fn(quirks::answer))
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
