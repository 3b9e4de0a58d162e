//! `POST /admin/users/{user}/invite`: sends an invitation.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use isogloss_core::{Auth, Scope};
use serde::Deserialize;

use crate::AccountPage;
use crate::account::{InvitationError, RequestedLanguages};
use crate::admin::invitation::InvitationView;
use crate::admin::users::parse_language;
use crate::admin::{AdminError, AdminService};
use crate::management::admin_key::AdminKey;
use crate::management::api_error::ApiError;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InvitationQuery {
    /// The language of the e-mail, such as `de`. Default, and where there is no template: the language that the user prefers,
    /// then English.
    language: Option<String>,
}

/// Send a user an e-mail with a link to the account page, on which the user sets a password. It ends the previous
/// invitation.
///
/// Returns where it was sent.
///
/// # Errors
/// The key is not valid or lacks the scope, the language is no language tag, there is no such user, the user cannot set a
/// password here or has no address, the account page is off, or a store or the mail server is unreachable.
#[utoipa::path(
    post,
    path = "/admin/users/{user}/invite",
    operation_id = "inviteUser",
    tag = "users",
    description = "Requires the scope `users:write`, and `server.account_path`.",
    params(("user" = String, Path, description = "Name, e-mail address or identifier"), InvitationQuery),
    responses((status = 200, body = InvitationView), ApiError),
    security(("admin" = ["users:write"]))
)]
pub(crate) async fn invite(
    admin: AdminKey,
    service: Data<AdminService>,
    auth: Data<Auth>,
    account: Data<Option<AccountPage>>,
    user: Path<String>,
    query: Query<InvitationQuery>,
) -> Result<HttpResponse, ApiError> {
    let admin = admin.authorize(Scope::UsersWrite).await?;
    let user = service.user(&user).await?;
    let Some(account) = account.as_ref() else {
        let reason = "the account page is off: set server.account_path";
        return Err(ApiError::Conflict(reason.to_owned()));
    };
    let named = parse_language(query.language.as_deref().unwrap_or_default())?;
    let languages = RequestedLanguages::named(named);
    let invited = admin.run(account.invite(&auth, &user, &languages)).await;
    let invitation = invited.map_err(AdminError::from)?;
    Ok(HttpResponse::Ok().json(InvitationView::from(invitation)))
}

impl From<InvitationError> for AdminError {
    fn from(error: InvitationError) -> Self {
        match error {
            InvitationError::Unavailable(error) => Self::Unavailable(error),
            InvitationError::CannotSetPassword(_) | InvitationError::NoAddress(_) => {
                Self::Conflict(error.to_string())
            }
        }
    }
}
