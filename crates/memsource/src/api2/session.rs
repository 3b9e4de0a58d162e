//! `loginToSession`: a login whose token is in a cookie.

use actix_web::web::{Data, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{Auth, ClientIp};

use super::json_body::SessionBody;
use super::wire::SessionResponse;
use super::{HandlerResult, authenticate, login_origin};
use crate::cookie::{CookieLifetime, cookie};
use crate::wire::json;
use crate::{Settings, issue};

/// Responds to `loginToSession` with a cookie that holds the token of a new browser session. `Err` if a member is
/// missing, if the credentials are refused, or if a store is unreachable.
pub(super) async fn login_to_session(
    auth: Data<Auth>,
    settings: Data<Settings>,
    source: Option<ReqData<ClientIp>>,
    request: HttpRequest,
    body: SessionBody,
) -> HandlerResult {
    let lifetime = if body.remember_me {
        CookieLifetime::Persistent
    } else {
        CookieLifetime::BrowserSession
    };
    let origin = login_origin(&settings, &request, source.as_deref().copied());
    let user = authenticate(&auth, origin, body.into()).await?;
    let issued = issue::session(&auth, &settings, &user).await?;
    let cookie = cookie(&settings, &issued, lifetime);
    let answer = SessionResponse::new(&issued, &cookie);
    Ok(json(HttpResponse::Ok().cookie(cookie.clone()), &answer))
}
