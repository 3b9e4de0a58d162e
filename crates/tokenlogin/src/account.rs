//! The first requests of a session: the user, and the user's organisation.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::Auth;

use crate::Settings;
use crate::query::{DeveloperRequest, session};
use crate::routes::HandlerResult;
use crate::wire::{json, responses};

/// Responds to `GET Users/Me` with the user of the session. `Err` if the developer's key or the session token is
/// not valid, or if a store is unreachable.
pub(crate) async fn me(auth: Data<Auth>, request: HttpRequest) -> HandlerResult {
    let developer = DeveloperRequest::authenticate(&auth, &request).await?;
    let session = session(&auth, &request).await?;
    let user = responses::user(&session.user).select(&developer.fields);
    Ok(json(&mut HttpResponse::Ok(), &user))
}

/// Responds to `GET Company` with the organisation of the session's user and the password policy. `Err` if the
/// developer's key or the session token is not valid, or if a store is unreachable.
pub(crate) async fn company(
    auth: Data<Auth>,
    settings: Data<Settings>,
    request: HttpRequest,
) -> HandlerResult {
    let developer = DeveloperRequest::authenticate(&auth, &request).await?;
    let session = session(&auth, &request).await?;
    let organisation = &session.user.organisation;
    let company =
        responses::company(organisation, &settings.password_policy).select(&developer.fields);
    Ok(json(&mut HttpResponse::Ok(), &company))
}
