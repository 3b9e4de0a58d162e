//! Reports names in the directory that people may confuse, for the log and for `isogloss doctor`.

use isogloss_core::StoreError;
use isogloss_core::directory::{Directory, LookAlikes};
use tracing::warn;

/// How many look-alikes are listed; the others are only counted.
const MAX_LISTED: usize = 10;

/// Advice about look-alikes.
pub(crate) const HINT: &str =
    "rename one of each and inform its user: see docs/directory-files.md, look-alikes";

/// Returns a sentence for each kind of look-alikes in the directory; none if there are no look-alikes. Fails if
/// the directory is unreachable.
pub(crate) async fn describe(directory: &dyn Directory) -> Result<Vec<String>, StoreError> {
    let found = directory.look_alikes().await?;
    let (one_name, looks): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.is_one_name);
    let kinds = [
        ("one name in Unicode NFC, stored in several forms", one_name),
        ("logins that look alike", looks),
    ];
    let kinds = kinds.into_iter().filter(|(_, found)| !found.is_empty());
    Ok(kinds
        .map(|(what, found)| format!("{what}: {}", listed(&found)))
        .collect())
}

/// Returns the names of the first look-alikes, and the number of the others.
fn listed(found: &[LookAlikes]) -> String {
    let named = found
        .iter()
        .take(MAX_LISTED)
        .map(|one| one.names.join(" and "));
    let mut named: Vec<_> = named.collect();
    if let Some(more) = found.len().checked_sub(MAX_LISTED).filter(|more| *more > 0) {
        named.push(format!("and {more} more"));
    }
    named.join("; ")
}

/// Logs one warning if the directory has look-alikes, or cannot be searched for them.
pub(crate) async fn warn(directory: &dyn Directory) {
    match describe(directory).await {
        Ok(found) if found.is_empty() => {}
        Ok(found) => {
            let found = found.join(". ");
            warn!(
                hint = HINT,
                "the directory has names that look alike: {found}"
            );
        }
        Err(error) => warn!(%error, "cannot look for names that look alike"),
    }
}
