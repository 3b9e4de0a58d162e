//! Lists of keys, and a key as commands and the admin API show it.

use isogloss_core::StoreError;
use isogloss_core::directory::{KeyCursor, KeyEntry};
use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

use crate::admin::AdminService;

/// How many keys are read at once if not all of them may match.
const BATCH: usize = 1_000;
/// How many batches are read at most for a page.
const BATCHES: usize = 5;

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

/// A page of keys, and the place after which the next one begins, if there is one.
#[derive(Debug, Default)]
pub(crate) struct KeyPage {
    pub(crate) keys: Vec<KeyEntry>,
    pub(crate) next: Option<KeyCursor>,
}

impl AdminService {
    /// Returns the first `limit` keys after a place that match the filter, by realm and label. A page ends earlier if too
    /// many keys before it do not match. Fails if the directory is unreachable.
    pub(crate) async fn key_page(
        &self,
        filter: &KeyFilter,
        mut after: Option<KeyCursor>,
        limit: usize,
    ) -> Result<KeyPage, StoreError> {
        let mut page = KeyPage::default();
        // The directory itself filters by realm. One more shows whether there is a next page.
        let is_exact = filter.user.is_none() && filter.search.is_none();
        let size = if is_exact {
            limit.saturating_add(1)
        } else {
            BATCH
        };
        let room = u32::try_from(size).unwrap_or(u32::MAX);
        for _ in 0..BATCHES {
            let (realm, directory) = (filter.realm.as_deref(), &self.directory);
            let batch = directory.keys_after(realm, after.as_ref(), room).await?;
            let is_last = batch.len() < size;
            for key in batch {
                if page.keys.len() == limit {
                    page.next = after;
                    return Ok(page);
                }
                after = Some(KeyCursor::of(&key));
                page.keys.extend(filter.matches(&key).then_some(key));
            }
            if is_last {
                return Ok(page);
            }
        }
        page.next = after;
        Ok(page)
    }
}

/// Formats the place of a key for the next query.
pub(crate) fn format_key_cursor(cursor: &KeyCursor) -> String {
    format!(
        "{},{},{}",
        cursor.realm,
        hex::encode(cursor.id),
        cursor.label
    )
}

/// Parses the place of a key, as [`format_key_cursor`] returns it. Returns `None` for any other text.
pub(crate) fn parse_key_cursor(text: &str) -> Option<KeyCursor> {
    let mut parts = text.splitn(3, ',');
    let realm = parts.next()?.to_owned();
    let mut id = [0; 6];
    hex::decode_to_slice(parts.next()?, &mut id).ok()?;
    let label = parts.next()?.to_owned();
    Some(KeyCursor { realm, label, id })
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
