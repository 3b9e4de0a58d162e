//! The two logins, `POST authorize` and `POST cross-authorize`.

use actix_web::HttpRequest;
use actix_web::web::{Data, ReqData};
use isogloss_core::{Auth, AuthError, ClientIp, Concurrency, Credentials, Purpose, Terms, Token};

use crate::authorization::find_token;
use crate::error::Error;
use crate::ids::Id;
use crate::json_body::JsonObject;
use crate::requests::{AuthorizeRequest, CrossAuthorizeRequest, Login, LoginIds};
use crate::routes::{HandlerResult, ok};
use crate::settings::{Applications, LoginsPerClient};
use crate::team_ids::Membership;
use crate::wire::{AccessTokenResponse, RememberMeResponse};
use crate::{REALM, Settings};

/// Responds to `POST authorize` with an access token, and with a remember-me token if the caller requests one.
/// `Err` if the body is invalid, if the credentials or the application are refused, or if a store is unreachable.
pub(crate) async fn authorize(
    auth: Data<Auth>,
    settings: Data<Settings>,
    source: Option<ReqData<ClientIp>>,
    request: HttpRequest,
    members: JsonObject,
) -> HandlerResult {
    let AuthorizeRequest { login, mut ids } = AuthorizeRequest::parse(members, &settings)?;
    check_application(&auth, &settings, &mut ids).await?;
    match login {
        Login::Password {
            mut credentials,
            remember_me,
        } => {
            credentials.origin.source = source.as_deref().copied();
            credentials.origin.client = ids.client.as_ref().map(Id::canonical);
            let token = find_token(request.head());
            let token = token.map(|presented| presented.token);
            credentials.origin.device_tokens.extend(token);
            with_password(&auth, &settings, *credentials, remember_me, ids).await
        }
        Login::Remembered { token } => with_remember_me_token(&auth, &settings, &token, ids).await,
    }
}

/// Logs in with a password and returns the response with the tokens. `Err` if the login is refused, or if a store
/// is unreachable.
async fn with_password(
    auth: &Auth,
    settings: &Settings,
    credentials: Credentials,
    remember_me: bool,
    ids: LoginIds,
) -> HandlerResult {
    let user = auth.login(credentials).await?;
    let client = ids.client.unwrap_or_else(Id::generate);
    let terms = terms(settings, &client, ids.application.as_ref(), ids.registered);
    if !remember_me {
        let access = auth.issue(REALM, &user, terms).await?;
        return Ok(ok(&AccessTokenResponse::new(&access, client)));
    }
    let remembering = Terms {
        purpose: Purpose::Remember,
        lifetime: settings.remember_lifetime.into(),
        concurrency: Concurrency::AtMost(settings.remember_me_per_client),
        ..terms.clone()
    };
    let remember = auth.issue(REALM, &user, remembering).await?;
    let access = terms.derived_from(&remember.session);
    let access = auth.issue(REALM, &user, access).await?;
    let answer = RememberMeResponse::new(&access, Some(&remember), client, ids.application);
    Ok(ok(&answer))
}

/// Issues an access token for a remember-me token and returns the response. `Err` if the client id is missing, if
/// the token is invalid or bound to another client, or if a store is unreachable.
async fn with_remember_me_token(
    auth: &Auth,
    settings: &Settings,
    token: &str,
    ids: LoginIds,
) -> HandlerResult {
    let client = ids.client.ok_or(Error::Missing("client_id"))?;
    let token = Token::from_guid(REALM, token.trim()).ok_or(Error::InvalidGrant)?;
    // Clients' names are recorded and logged.
    let named = Token::from_guid(REALM, &client.text);
    if named.is_some_and(|named| named.hex() == token.hex()) {
        return Err(Error::InvalidGrant);
    }
    let remembered = auth.validate(&token, &[Purpose::Remember]).await;
    let remembered = remembered.map_err(grant_error)?;
    let issued_to = remembered.client();
    if settings.bind_remember_me && issued_to != Some(client.canonical().as_str()) {
        return Err(Error::InvalidGrant);
    }
    let terms = terms(settings, &client, ids.application.as_ref(), ids.registered)
        .derived_from(&remembered);
    let access = auth.issue(REALM, &remembered.user, terms).await?;
    let answer = RememberMeResponse::new(&access, None, client, ids.application);
    Ok(ok(&answer))
}

/// Responds to `POST cross-authorize` with an access token in exchange for a cross token. `Err` if the body is
/// invalid, if the cross token or the application is refused, or if a store is unreachable.
pub(crate) async fn cross_authorize(
    auth: Data<Auth>,
    settings: Data<Settings>,
    members: JsonObject,
) -> HandlerResult {
    let CrossAuthorizeRequest {
        cross_token,
        mut ids,
        team,
        project,
    } = CrossAuthorizeRequest::parse(members, &settings)?;
    check_application(&auth, &settings, &mut ids).await?;
    let token = Token::from_guid(REALM, cross_token.trim()).ok_or(Error::InvalidGrant)?;
    let redeemed = auth.redeem(&token, Purpose::Handover).await;
    let redeemed = redeemed.map_err(grant_error)?;
    let client = ids.client.unwrap_or_else(Id::generate);
    // No effect of the team on the response is documented, so another user's team is dropped: an error
    // would be new to clients, and `GET teams` lists what the user has.
    let team = team.and_then(|team| Membership::find(&redeemed.user, &team));
    let terms = Terms {
        max_authentication_age: Some(settings.handover_lifetime),
        team: team.as_ref().map(|team| team.id.to_string()),
        unit: team.and_then(|team| team.unit),
        claimed_project: project.as_ref().map(Id::canonical),
        ..terms(&settings, &client, ids.application.as_ref(), ids.registered)
            .redeemed_from(&redeemed)
    };
    let access = auth.issue(REALM, &redeemed.user, terms).await?;
    Ok(ok(&AccessTokenResponse::new(&access, client)))
}

/// Returns the terms of an access token for this client and application. `registered` is the application's id if the
/// directory has it.
fn terms(
    settings: &Settings,
    client: &Id,
    application: Option<&Id>,
    registered: Option<String>,
) -> Terms {
    Terms {
        concurrency: match settings.logins_per_client {
            LoginsPerClient::Many => Concurrency::Many,
            LoginsPerClient::One => Concurrency::OnePerClient,
        },
        client: Some(client.canonical()),
        application: application.map(Id::canonical),
        registered_application: registered,
        ..Terms::new(Purpose::Access, settings.access_lifetime)
    }
}

/// Looks up the application id of a login in the directory, and records in `ids` whether it is there. `Err` if the
/// operator allows only known ids and it is not, or if the directory is unreachable.
async fn check_application(
    auth: &Auth,
    settings: &Settings,
    ids: &mut LoginIds,
) -> Result<(), Error> {
    let Some(id) = &ids.application else {
        return Ok(());
    };
    let is_known = match settings.applications {
        Applications::Known => auth.key(REALM, &id.text).await?.is_some(),
        Applications::Any => auth.has_key(REALM, &id.text).await?,
    };
    if is_known {
        ids.registered = Some(id.text.clone());
        return Ok(());
    }
    match settings.applications {
        Applications::Known => Err(Error::UnknownApplication),
        Applications::Any => Ok(()),
    }
}

/// Returns the error for a refused remember-me or cross token: `invalid_grant`, because here that token is the
/// credential and not the bearer token.
fn grant_error(error: AuthError) -> Error {
    match error {
        AuthError::InvalidToken(_) => Error::InvalidGrant,
        error @ (AuthError::InvalidCredentials(_)
        | AuthError::AccountDisabled(_)
        | AuthError::SecondFactorRequired(_)
        | AuthError::Forbidden(_)
        | AuthError::Overloaded { .. }
        | AuthError::Throttled { .. }
        | AuthError::Unavailable(_)) => Error::Auth(error),
    }
}
