//! Routes, and their handlers: wire in, calls on core, wire out.

use actix_web::web::{Data, ServiceConfig, resource, to};
use actix_web::{HttpResponse, web};
use isogloss_core::{Auth, AuthError, Concurrency, Credentials, Purpose, Terms, Token};
use serde::Serialize;

use crate::authorization::Caller;
use crate::errors::Error;
use crate::ids::Id;
use crate::members::Members;
use crate::wire::{
    AccessAnswer, AuthorizeRequest, CrossAnswer, CrossAuthorizeRequest, Login, RememberAnswer,
    TokenInformation, json,
};
use crate::{Applications, REALM, Settings};

type Answer = Result<HttpResponse, Error>;

/// Adds the dialect's routes, below wherever the gateway mounts it.
pub fn configure(settings: &Settings, cfg: &mut ServiceConfig) {
    cfg.app_data(Data::new(settings.clone()))
        .service(
            resource("/authorize")
                .route(web::post().to(authorize))
                .route(web::get().to(token_information))
                .route(web::delete().to(revoke))
                .default_service(to(async || no_method("DELETE, GET, POST"))),
        )
        .service(
            resource("/cross-token")
                .route(web::post().to(cross_token))
                .default_service(to(async || no_method("POST"))),
        )
        .service(
            resource("/cross-authorize")
                .route(web::post().to(cross_authorize))
                .default_service(to(async || no_method("POST"))),
        )
        .default_service(to(async || Answer::Err(Error::NoRoute)));
}

async fn authorize(auth: Data<Auth>, settings: Data<Settings>, members: Members) -> Answer {
    let request = AuthorizeRequest::try_from(members)?;
    check_application(&auth, &settings, request.application_id.as_ref()).await?;
    match request.login {
        Login::Password {
            user_id,
            password,
            remember_me,
        } => {
            let credentials = Credentials {
                name: user_id,
                password,
                code: None,
                organisation: None,
            };
            let user = auth.login(credentials).await?;
            let client = request.client_id.unwrap_or_else(Id::fresh);
            let terms = terms(&settings, &client, request.application_id.as_ref());
            let access = auth.issue(REALM, &user, terms.clone()).await?;
            if !remember_me {
                return Ok(ok(&AccessAnswer::new(&access, client)));
            }
            let remembering = Terms {
                purpose: Purpose::Remember,
                lifetime: settings.remember_lifetime,
                concurrency: Concurrency::OnePerClient,
                ..terms
            };
            let remember = auth.issue(REALM, &user, remembering).await?;
            Ok(ok(&RememberAnswer::new(
                &access,
                Some(&remember),
                client,
                request.application_id,
            )))
        }
        Login::Remembered { token } => {
            let client = request.client_id.ok_or(Error::Missing("client_id"))?;
            let token = Token::from_guid(REALM, token.trim()).ok_or(Error::StaleGrant)?;
            let remembered = auth
                .validate(&token, &[Purpose::Remember])
                .await
                .map_err(stale)?;
            if remembered.client != Some(client.canonical()) {
                return Err(Error::StaleGrant);
            }
            let terms = terms(&settings, &client, request.application_id.as_ref());
            let access = auth.issue(REALM, &remembered.user, terms).await?;
            Ok(ok(&RememberAnswer::new(
                &access,
                None,
                client,
                request.application_id,
            )))
        }
    }
}

async fn token_information(auth: Data<Auth>, caller: Caller) -> Answer {
    Ok(ok(&TokenInformation::new(&caller.session, auth.now())))
}

async fn revoke(auth: Data<Auth>, caller: Caller) -> Answer {
    auth.revoke(&caller.token).await?;
    Ok(ok(&serde_json::json!({})))
}

async fn cross_token(auth: Data<Auth>, settings: Data<Settings>, caller: Caller) -> Answer {
    let terms = Terms {
        parent: Some(caller.session.digest),
        ..Terms::new(Purpose::Handover, settings.cross_lifetime)
    };
    let cross = auth.issue(REALM, &caller.session.user, terms).await?;
    Ok(ok(&CrossAnswer::new(&cross)))
}

async fn cross_authorize(auth: Data<Auth>, settings: Data<Settings>, members: Members) -> Answer {
    let request = CrossAuthorizeRequest::try_from(members)?;
    check_application(&auth, &settings, request.application_id.as_ref()).await?;
    let token = Token::from_guid(REALM, request.cross_token.trim()).ok_or(Error::StaleGrant)?;
    let redeemed = auth
        .redeem(&token, Purpose::Handover)
        .await
        .map_err(stale)?;
    let client = request.client_id.unwrap_or_else(Id::fresh);
    let terms = terms(&settings, &client, request.application_id.as_ref());
    let access = auth.issue(REALM, &redeemed.user, terms).await?;
    Ok(ok(&AccessAnswer::new(&access, client)))
}

/// The terms of an access token.
fn terms(settings: &Settings, client: &Id, application: Option<&Id>) -> Terms {
    Terms {
        client: Some(client.canonical()),
        application: application.map(Id::canonical),
        ..Terms::new(Purpose::Access, settings.access_lifetime)
    }
}

async fn check_application(
    auth: &Auth,
    settings: &Settings,
    application: Option<&Id>,
) -> Result<(), Error> {
    match (settings.applications, application) {
        (Applications::Any, _) | (Applications::Known, None) => Ok(()),
        (Applications::Known, Some(id)) => match auth.key(REALM, &id.text).await? {
            Some(_) => Ok(()),
            None => Err(Error::UnknownApplication),
        },
    }
}

/// A remember-me or cross token in the body is a credential, not the bearer's token.
fn stale(error: AuthError) -> Error {
    match error {
        AuthError::InvalidToken => Error::StaleGrant,
        error @ (AuthError::InvalidCredentials
        | AuthError::AccountDisabled
        | AuthError::SecondFactorRequired
        | AuthError::Forbidden
        | AuthError::Overloaded { .. }
        | AuthError::Unavailable(_)) => Error::Auth(error),
    }
}

fn no_method(allowed: &'static str) -> Answer {
    Err(Error::NoMethod(allowed))
}

fn ok(answer: &impl Serialize) -> HttpResponse {
    json(&mut HttpResponse::Ok(), answer)
}
