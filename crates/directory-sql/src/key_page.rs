//! The part that both databases have in common of the statement of a page of keys.

use isogloss_core::directory::KeyCursor;
use sqlx::{Database, Encode, QueryBuilder, Type};

/// Adds to a statement that selects keys as `k` that they are of a realm, or of all of them, and come after a place, by
/// realm, label and digest, and at most how many there are.
pub(super) fn push<DB: Database>(
    statement: &mut QueryBuilder<DB>,
    realm: Option<&str>,
    after: Option<&KeyCursor>,
    limit: u32,
) where
    i64: for<'t> Encode<'t, DB> + Type<DB>,
    String: for<'t> Encode<'t, DB> + Type<DB>,
    Vec<u8>: for<'t> Encode<'t, DB> + Type<DB>,
{
    let (after_realm, label, digest) = match after {
        Some(after) => (
            after.realm.clone(),
            after.label.clone(),
            after.last_digest().to_vec(),
        ),
        None => Default::default(),
    };
    statement.push(" WHERE (k.realm, k.label, k.digest) > (");
    statement.push_bind(after_realm).push(", ");
    statement.push_bind(label).push(", ");
    statement.push_bind(digest).push(")");
    if let Some(realm) = realm {
        statement.push(" AND k.realm = ");
        statement.push_bind(realm.to_owned());
    }
    statement.push(" ORDER BY k.realm, k.label, k.digest LIMIT ");
    statement.push_bind(i64::from(limit));
}
