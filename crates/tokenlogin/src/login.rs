//! Login and logout: parse the request, call core, build the response.

use actix_web::web::{Data, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{
    Auth, AuthError, ClientIp, Concurrency, Credentials, IssuedToken, LoginOrigin, Purpose,
    RefusalCause, Terms, Token,
};
use isogloss_dialect::Dialect as _;

use crate::error::Error;
use crate::model::Model;
use crate::query::{DeveloperRequest, session_for_logout};
use crate::routes::HandlerResult;
use crate::settings::LogoutEnds;
use crate::wire::requests::{AuthenticationInfo, TokenAuthentication};
use crate::wire::responses::authenticated;
use crate::wire::{Object, json};
use crate::{REALM, Settings, TokenLogin};

/// Responds to `POST Authentication/Login` with a session token, and with a re-authentication token if the client
/// requests one for its device. `Err` if the developer's key, the body or the credentials are refused, or if a
/// store is unreachable.
pub(crate) async fn login(
    auth: Data<Auth>,
    settings: Data<Settings>,
    source: Option<ReqData<ClientIp>>,
    request: HttpRequest,
    model: Result<Model, Error>,
) -> HandlerResult {
    let developer = DeveloperRequest::authenticate(&auth, &request).await?;
    let info = AuthenticationInfo::try_from(model?)?;
    let in_body = info
        .re_authentication_token
        .as_deref()
        .and_then(TokenLogin::parse_token);
    let presented = TokenLogin::find_token(&settings, request.head());
    let presented = presented.into_iter().chain(in_body);
    let credentials = Credentials {
        name: info.user_name,
        password: info.password,
        factor: settings.factor(),
        organisation: None,
        origin: LoginOrigin {
            client: info.device.clone(),
            device_tokens: presented.map(|presented| presented.token).collect(),
            ..LoginOrigin::new(REALM, source.as_deref().copied())
        },
    };
    let user = auth.login(credentials).await?;
    let mut terms = developer.session_terms(&settings);
    let mut re_authentication_token = String::new();
    if let Some(device) = info.device {
        let remembering = Terms {
            client: Some(device.clone()),
            concurrency: Concurrency::OnePerClient,
            ..Terms::new(Purpose::Remember, settings.reauthentication_lifetime)
        };
        let remember = auth.issue(REALM, &user, remembering).await?;
        re_authentication_token = remember.token.hex();
        terms.client = Some(device);
        terms = terms.derived_from(&remember.session);
    }
    let session = auth.issue(REALM, &user, terms).await?;
    Ok(logged_in(&developer, &session, re_authentication_token))
}

/// Responds to `POST Authentication/TokenLogin` with a session token in exchange for a re-authentication token.
/// `Err` if the developer's key, the body or the token is refused, or if a store is unreachable.
pub(crate) async fn token_login(
    auth: Data<Auth>,
    settings: Data<Settings>,
    request: HttpRequest,
    model: Result<Model, Error>,
) -> HandlerResult {
    let developer = DeveloperRequest::authenticate(&auth, &request).await?;
    let text = TokenAuthentication::try_from(model?)?.re_authentication_token;
    let token = Token::from_guid(REALM, text.trim())
        .ok_or(AuthError::InvalidToken(RefusalCause::NoToken))?;
    let remembered = auth.validate(&token, &[Purpose::Remember]).await?;
    let terms = Terms {
        client: remembered.client().map(str::to_owned),
        ..developer.session_terms(&settings).derived_from(&remembered)
    };
    let session = auth.issue(REALM, &remembered.user, terms).await?;
    let echo = settings.echo_reauthentication_token;
    let re_authentication_token = if echo { token.hex() } else { String::new() };
    Ok(logged_in(&developer, &session, re_authentication_token))
}

/// Returns the response to a request that logs in: `LoginData`, with the fields that the caller requests.
pub(crate) fn logged_in(
    developer: &DeveloperRequest,
    session: &IssuedToken,
    re_authentication_token: String,
) -> HttpResponse {
    let data = authenticated(session, re_authentication_token).select(&developer.fields);
    json(&mut HttpResponse::Ok(), &data)
}

/// Responds to `POST Authentication/Logout`: ends the session, and by default also the re-authentication token
/// that belongs to it. The body is not read. `Err` if the developer's key or the session token is not valid, or if
/// a store is unreachable.
pub(crate) async fn logout(
    auth: Data<Auth>,
    settings: Data<Settings>,
    request: HttpRequest,
) -> HandlerResult {
    DeveloperRequest::authenticate(&auth, &request).await?;
    let session = session_for_logout(&auth, &request).await?;
    // The session ends last: if the store does not respond, the caller can repeat the request.
    match (settings.logout_ends, session.parent()) {
        (LogoutEnds::Device, Some(re_authentication_token)) => {
            auth.revoke_by_digest(re_authentication_token).await?;
        }
        (LogoutEnds::Device, None) | (LogoutEnds::Session, _) => {}
    }
    auth.revoke_by_digest(session.digest).await?;
    Ok(json(&mut HttpResponse::Ok(), &Object::from([])))
}
