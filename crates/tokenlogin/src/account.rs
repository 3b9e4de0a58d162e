//! The first requests of a session: the user, and the user's organisation.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::Auth;

use crate::Settings;
use crate::query::{DeveloperRequest, session};
use crate::routes::HandlerResult;
use crate::wire::{json, responses};

/// `GET Users/Me`.
pub(crate) async fn me(auth: Data<Auth>, request: HttpRequest) -> HandlerResult {
    let developer = DeveloperRequest::authenticate(&auth, &request).await?;
    let session = session(&auth, &request).await?;
    let user = responses::user(&session.user).select(&developer.fields);
    Ok(json(&mut HttpResponse::Ok(), &user))
}

/// `GET Company`, the user's organisation.
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
