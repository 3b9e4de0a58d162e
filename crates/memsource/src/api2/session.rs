//! `loginToSession`: a login whose token stands in a cookie.

use actix_web::HttpResponse;
use actix_web::web::{Data, ReqData};
use isogloss_core::{Auth, Source};

use super::body::SessionBody;
use super::wire::SessionAnswer;
use super::{Answer, authenticate};
use crate::cookie::{Kept, cookie};
use crate::wire::json;
use crate::{Settings, issue};

pub(super) async fn login_to_session(
    auth: Data<Auth>,
    settings: Data<Settings>,
    source: Option<ReqData<Source>>,
    body: SessionBody,
) -> Answer {
    let kept = if body.remember_me {
        Kept::WithSession
    } else {
        Kept::UntilClosed
    };
    let user = authenticate(&auth, source.as_deref().copied(), body.into()).await?;
    let issued = issue::session(&auth, &settings, &user).await?;
    let cookie = cookie(&settings, &issued, kept);
    let answer = SessionAnswer::new(&issued, &cookie);
    Ok(json(HttpResponse::Ok().cookie(cookie.clone()), &answer))
}
