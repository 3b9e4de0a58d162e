//! `loginToSession`: a login whose token is in a cookie.

use actix_web::web::{Data, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{Auth, ClientIp};

use super::json_body::SessionBody;
use super::wire::SessionAnswer;
use super::{HandlerResult, authenticate, origin};
use crate::cookie::{CookieLifetime, cookie};
use crate::wire::json;
use crate::{Settings, issue};

pub(super) async fn login_to_session(
    auth: Data<Auth>,
    settings: Data<Settings>,
    source: Option<ReqData<ClientIp>>,
    request: HttpRequest,
    body: SessionBody,
) -> HandlerResult {
    let kept = if body.remember_me {
        CookieLifetime::WithSession
    } else {
        CookieLifetime::UntilClosed
    };
    let origin = origin(&settings, &request, source.as_deref().copied());
    let user = authenticate(&auth, origin, body.into()).await?;
    let issued = issue::session(&auth, &settings, &user).await?;
    let cookie = cookie(&settings, &issued, kept);
    let answer = SessionAnswer::new(&issued, &cookie);
    Ok(json(HttpResponse::Ok().cookie(cookie.clone()), &answer))
}
