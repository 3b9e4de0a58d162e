//! Routes, and their handlers: wire in, calls on core, wire out.

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig, resource, scope, to};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{Auth, AuthError, Concurrency, Credentials, Purpose, Terms, Token};

use crate::binding::Model;
use crate::errors::Error;
use crate::query::Call;
use crate::wire::{AuthenticationInfo, LoginData, TokenAuthentication, json};
use crate::{REALM, Settings, quirks};

type Answer = Result<HttpResponse, Error>;

/// Adds the dialect's routes, below wherever the gateway mounts it. Case does not matter in them.
pub fn configure(settings: &Settings, cfg: &mut ServiceConfig) {
    cfg.app_data(Data::new(settings.clone())).service(
        scope("")
            .wrap(from_fn(quirks::answer))
            .service(
                resource("/{_controller:(?i:authentication)}/{_action:(?i:login)}")
                    .route(web::post().to(login))
                    .default_service(to(no_method)),
            )
            .service(
                resource("/{_controller:(?i:authentication)}/{_action:(?i:tokenlogin)}")
                    .route(web::post().to(token_login))
                    .default_service(to(no_method)),
            )
            .default_service(to(no_route)),
    );
}

async fn login(
    auth: Data<Auth>,
    settings: Data<Settings>,
    request: HttpRequest,
    model: Result<Model, Error>,
) -> Answer {
    let call = Call::check(&auth, &request).await?;
    let info = AuthenticationInfo::try_from(model?)?;
    let credentials = Credentials {
        name: info.user_name,
        password: info.password,
        code: None,
        organisation: None,
    };
    let user = auth.login(credentials).await?;
    let mut terms = Terms::new(Purpose::Access, settings.session_lifetime);
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
        terms.parent = Some(remember.session.digest);
    }
    let session = auth.issue(REALM, &user, terms).await?;
    let data = LoginData::authenticated(&session, re_authentication_token);
    Ok(json(&mut HttpResponse::Ok(), &data.only(&call.fields)))
}

async fn token_login(
    auth: Data<Auth>,
    settings: Data<Settings>,
    request: HttpRequest,
    model: Result<Model, Error>,
) -> Answer {
    let call = Call::check(&auth, &request).await?;
    let text = TokenAuthentication::try_from(model?)?.re_authentication_token;
    let token = Token::from_guid(REALM, text.trim()).ok_or(AuthError::InvalidToken)?;
    let remembered = auth.validate(&token, &[Purpose::Remember]).await?;
    let terms = Terms {
        client: remembered.client,
        parent: Some(remembered.digest),
        ..Terms::new(Purpose::Access, settings.session_lifetime)
    };
    let session = auth.issue(REALM, &remembered.user, terms).await?;
    let echo = settings.echo_reauthentication_token;
    let re_authentication_token = if echo { token.hex() } else { String::new() };
    let data = LoginData::authenticated(&session, re_authentication_token);
    Ok(json(&mut HttpResponse::Ok(), &data.only(&call.fields)))
}

async fn no_method(request: HttpRequest) -> Answer {
    Err(Error::NoMethod(request.method().clone()))
}

/// The query is left out of the address: it holds keys and tokens.
async fn no_route(request: HttpRequest) -> Answer {
    let connection = request.connection_info();
    let (scheme, host) = (connection.scheme(), connection.host());
    Err(Error::NoRoute(format!(
        "{scheme}://{host}{}",
        request.path()
    )))
}
