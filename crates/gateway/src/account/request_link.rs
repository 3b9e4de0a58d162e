//! The form that requests a link: the same answer for everyone, before anyone is looked up.

use actix_web::web::{Data, Form, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::{ACCOUNT_REALM, AccountLink, Auth, AuthError, ClientIp, LoginOrigin, Outbox};
use serde::Deserialize;
use tracing::{debug, warn};

use super::AccountPage;
use super::error::PageError;
use super::languages::RequestedLanguages;

#[derive(Deserialize)]
pub(super) struct LinkRequest {
    name: String,
}

pub(super) async fn show(page: Data<AccountPage>) -> HttpResponse {
    page.request_form(None)
}

/// Sends a link after the response, so that known and unknown names get the same response after the same time. Fails if a
/// store is unavailable.
pub(super) async fn submit(
    page: Data<AccountPage>,
    auth: Data<Auth>,
    outbox: Data<Outbox>,
    source: Option<ReqData<ClientIp>>,
    request: HttpRequest,
    form: Form<LinkRequest>,
) -> Result<HttpResponse, PageError> {
    let name = form.into_inner().name;
    if name.trim().is_empty() {
        return Ok(page.request_form(Some("Enter a name or an address.")));
    }
    auth.ready().await.map_err(AuthError::Unavailable)?;
    let origin = LoginOrigin::new(ACCOUNT_REALM, source.as_deref().copied());
    let languages = RequestedLanguages::of_client(&request);
    let (response, page) = (page.link_requested(), page.into_inner());
    outbox.post(|_| async move {
        let sent = match auth.may_send_email(&name, &origin).await {
            Ok(true) => page.send_reset(&auth, &name, &languages).await,
            Ok(false) => {
                debug!("a link was not sent: too many were requested");
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            warn!(%error, "an e-mail with a link was not sent");
        }
    });
    Ok(response)
}

impl AccountPage {
    /// Sends a link to the user of that name, if there is one who may set a password here and has an address. Fails if a
    /// store or the mail server is unavailable.
    async fn send_reset(
        &self,
        auth: &Auth,
        name: &str,
        languages: &RequestedLanguages,
    ) -> Result<(), AuthError> {
        let Some(user) = auth.find(name).await? else {
            return Ok(());
        };
        let Some(address) = user.address() else {
            debug!(user.id = %user.id, "no e-mail to a user without an address");
            return Ok(());
        };
        let sent = self.send_link(auth, (&user, address), AccountLink::Reset, languages);
        sent.await.map(drop)
    }
}
