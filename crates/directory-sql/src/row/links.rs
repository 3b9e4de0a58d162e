//! The columns that link a user to an authority, and what an accepted password changes in them.

use isogloss_core::directory::{Acceptance, AcceptedPassword};
use secrecy::ExposeSecret as _;

use super::{Columns, Result};

/// The columns of a user in `users` that an authority's acceptance may change, and the authority.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct LinkColumns {
    pub(crate) authority: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) password_hash: String,
    pub(crate) adopted_at: Option<i64>,
    pub(crate) accepted_at: Option<i64>,
}

/// Decodes the columns from a row of `users`; `None` without a row. Fails if a column cannot be decoded.
pub(crate) fn link_columns(row: Option<&impl Columns>) -> Result<Option<LinkColumns>> {
    let Some(row) = row else { return Ok(None) };
    Ok(Some(LinkColumns {
        authority: row.text_if_any("authority")?,
        external_id: row.text_if_any("external_id")?,
        password_hash: row.text("password_hash")?,
        adopted_at: row.number_if_any("adopted_at")?,
        accepted_at: row.number_if_any("accepted_at")?,
    }))
}

impl LinkColumns {
    /// Returns the columns after an acceptance, which may be the same. `None` if the user does not belong to that
    /// authority, was adopted, or is linked to another identifier. An acceptance that was recorded already changes
    /// nothing, so recording it can be repeated.
    pub(crate) fn after(&self, acceptance: &Acceptance) -> Option<Self> {
        let external_id = &acceptance.external_id;
        let is_of = self.authority.as_ref() == Some(&acceptance.authority);
        let is_linked = self.external_id.as_ref().is_none_or(|id| id == external_id);
        if !is_of || !is_linked {
            return None;
        }
        let at = acceptance.at.unix_timestamp();
        let with = |hash: &str, adopted_at: Option<i64>| Self {
            external_id: Some(external_id.clone()),
            password_hash: hash.to_owned(),
            accepted_at: Some(at),
            adopted_at,
            ..self.clone()
        };
        let next = match &acceptance.password {
            AcceptedPassword::Forget => Self {
                accepted_at: None,
                ..with("", None)
            },
            AcceptedPassword::Keep(hash) if hash.expose_secret() == self.password_hash => Self {
                accepted_at: self.accepted_at.max(Some(at)),
                ..with(hash.expose_secret(), None)
            },
            AcceptedPassword::Keep(_) => Self {
                accepted_at: self.accepted_at,
                ..with(&self.password_hash, None)
            },
            AcceptedPassword::Replace(hash) => with(hash.expose_secret(), None),
            AcceptedPassword::Adopt(hash) => with(hash.expose_secret(), Some(at)),
        };
        (self.adopted_at.is_none() || next == *self).then_some(next)
    }
}

/// Returns a duration in whole seconds, as databases count them.
pub(crate) fn seconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
