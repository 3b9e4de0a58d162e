//! A key as commands and the admin API show it.

use isogloss_core::directory::KeyEntry;
use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

/// Which keys are listed: those to which all of it applies.
#[derive(Debug, Default)]
pub(crate) struct KeyFilter {
    pub(crate) realm: Option<String>,
    /// The name of the user that the key acts as, in upper or lower case.
    pub(crate) user: Option<String>,
    /// Text that the label contains, in upper or lower case.
    pub(crate) search: Option<String>,
}

impl KeyFilter {
    /// Returns `true` if the key fulfils all conditions.
    pub(crate) fn matches(&self, key: &KeyEntry) -> bool {
        let lower = |text: &str| text.to_lowercase();
        let user = key.user.as_deref().map(lower);
        self.realm.as_ref().is_none_or(|realm| *realm == key.realm)
            && (self.user.is_none() || self.user.as_deref().map(lower) == user)
            && self
                .search
                .as_deref()
                .is_none_or(|text| lower(&key.label).contains(&lower(text)))
    }
}

/// A key, without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub(crate) struct ApiKeyView {
    pub(crate) id: String,
    pub(crate) realm: String,
    pub(crate) label: String,
    /// The user that the key acts as.
    pub(crate) user: Option<String>,
    /// Null means all rights of the realm.
    pub(crate) scopes: Option<Vec<String>>,
    /// The dialects whose tokens the key may introspect and exchange. Null means all.
    pub(crate) dialects: Option<Vec<String>>,
    /// The audiences of the JWTs that the key may request. Null means all.
    pub(crate) audiences: Option<Vec<String>>,
    pub(crate) expires_at: Option<String>,
}

impl From<&KeyEntry> for ApiKeyView {
    fn from(key: &KeyEntry) -> Self {
        let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let limits = key.scopes.limits();
        Self {
            id: key.id(),
            realm: key.realm.clone(),
            label: key.label.clone(),
            user: key.user.clone(),
            scopes: key.scopes.names().map(names),
            dialects: limits.dialects().map(<[String]>::to_vec),
            audiences: limits.audiences().map(<[String]>::to_vec),
            expires_at: key.expires_at.and_then(|time| time.format(&Rfc3339).ok()),
        }
    }
}
