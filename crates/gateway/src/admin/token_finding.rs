//! What a token is, for the command line and the management listener.

use isogloss_core::audit::moment;
use isogloss_core::directory::Directory;
use isogloss_core::{Auth, AuthError, RefusalCause, TokenFinding};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::explanation::explain_cause;
use super::token_end;
use crate::dialects::Mount;

/// What is known of a token.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = TokenFinding)]
pub(crate) struct TokenView {
    /// Whether the token is valid.
    pub(crate) valid: bool,
    /// Why it is not valid, such as `token_expired`.
    pub(crate) cause: Option<String>,
    /// What that means.
    pub(crate) explanation: String,
    /// The dialect whose token it is, or may be.
    pub(crate) dialect: String,
    /// The handle, as in `isogloss session list` and the audit log.
    pub(crate) handle: String,
    /// What the token is for, such as `access`.
    pub(crate) purpose: Option<String>,
    /// The name of the user.
    pub(crate) user: Option<String>,
    pub(crate) user_id: Option<Uuid>,
    /// The device or program.
    pub(crate) client: Option<String>,
    pub(crate) application: Option<String>,
    pub(crate) issued_at: Option<String>,
    pub(crate) used_at: Option<String>,
    pub(crate) expires_at: Option<String>,
    /// The events of the audit log about the token, the latest first.
    #[schema(value_type = Vec<Object>)]
    pub(crate) events: Vec<Value>,
}

/// Returns what is known of the token in a text. `None` if it has the format of no dialect's tokens. Fails if a store is
/// unreachable.
pub(crate) async fn examine(
    text: &str,
    mounts: &[Mount],
    (auth, directory): (&Auth, &dyn Directory),
) -> Result<Option<TokenView>, AuthError> {
    let mut unknown: Option<TokenView> = None;
    for mount in mounts {
        let Some(presented) = mount.parse_token(text.trim()) else {
            continue;
        };
        let found = auth.examine_token(&presented).await?;
        let is_known = found.record.is_some();
        let found = view(mount.name, found, directory).await?;
        if is_known || !found.events.is_empty() {
            return Ok(Some(found));
        }
        // Several dialects spell tokens alike.
        unknown.get_or_insert(found);
    }
    Ok(unknown)
}

async fn view(
    dialect: &str,
    found: TokenFinding,
    directory: &dyn Directory,
) -> Result<TokenView, AuthError> {
    let TokenFinding {
        handle,
        record,
        cause,
    } = found;
    let events = token_end::events_of(handle, directory).await?;
    let end = match cause {
        Some(RefusalCause::UnknownToken) => token_end::of_events(&events, directory).await?,
        _ => None,
    };
    let record = record.as_ref();
    let user_id = record.map(|record| record.user);
    let user_id = user_id.or_else(|| token_end::user_of(&events));
    let user = match user_id {
        Some(id) => directory.user(id).await?,
        None => None,
    };
    Ok(TokenView {
        valid: cause.is_none(),
        explanation: match &cause {
            None => "The token is valid.".to_owned(),
            Some(cause) => end.unwrap_or_else(|| explain_cause(cause)),
        },
        cause: cause.map(|cause| cause.name().to_owned()),
        dialect: dialect.to_owned(),
        handle: handle.to_string(),
        purpose: record.map(|record| record.purpose.name().to_owned()),
        user: user.map(|user| user.user_name.clone()),
        user_id,
        client: record.and_then(|record| record.client.clone()),
        application: record.and_then(|record| record.application.clone()),
        issued_at: record.map(|record| moment(record.issued_at)),
        used_at: record.map(|record| moment(record.used_at)),
        expires_at: record.map(|record| moment(record.expires_at)),
        events,
    })
}
