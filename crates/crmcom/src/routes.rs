//! Routes, and their handlers: wire in, calls on core, wire out.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig, resource, to};
use isogloss_core::{Auth, Credentials, Purpose, Terms};

use crate::errors::Error;
use crate::wire::{Envelope, Login, TokenRequest, json};
use crate::{REALM, Settings};

type Answer = Result<HttpResponse, Error>;

/// Adds the dialect's routes, below wherever the gateway mounts it.
pub fn configure(settings: &Settings, cfg: &mut ServiceConfig) {
    cfg.app_data(Data::new(settings.clone()))
        .service(
            resource("/authentication/token")
                .route(web::post().to(token))
                .default_service(to(async || Answer::Err(Error::NoMethod))),
        )
        .default_service(to(async || Answer::Err(Error::NoRoute)));
}

async fn token(auth: Data<Auth>, settings: Data<Settings>, request: TokenRequest) -> Answer {
    let user = match request.login {
        Login::Password { username, password } => {
            let credentials = Credentials {
                name: username,
                password,
                code: None,
                organisation: Some(request.organisation),
            };
            auth.login(credentials).await?
        }
        Login::Card(card) => auth
            .login_by_card(card, &request.organisation)
            .await
            .map_err(Error::Card)?,
    };
    let unit = request.unit.or_else(|| user.default_unit.clone());
    let unit = unit.filter(|unit| user.units.contains(unit));
    let terms = Terms {
        unit: Some(unit.ok_or(Error::Unit)?),
        ..Terms::new(Purpose::Access, settings.token_lifetime)
    };
    let issued = auth.issue(REALM, &user, terms).await?;
    Ok(json(
        &mut HttpResponse::Ok(),
        &Envelope::token(&issued.token),
    ))
}
