//! Settings under the names that they had in earlier releases.

use ::config::{Map, Value, ValueKind};

/// A setting's table, its former name and its present one.
const RENAMED: [(&str, &str, &str); 1] = [("dialects.bimplus", "allowed_origins", "cors_origins")];

/// Replaces former names of settings in a layer by the present ones, so that the later layer wins whichever
/// name each uses.
///
/// If a layer has both names, the former one stays, and is later refused as unknown.
pub(super) fn rename(settings: &mut Map<String, Value>) {
    for (table, former, present) in RENAMED {
        let Some(table) = find(settings, table) else {
            continue;
        };
        if !table.contains_key(present)
            && let Some(value) = table.remove(former)
        {
            table.insert(present.to_owned(), value);
        }
    }
}

/// Returns the table at that path, or `None` if there is none.
fn find<'t>(
    settings: &'t mut Map<String, Value>,
    path: &str,
) -> Option<&'t mut Map<String, Value>> {
    path.split('.').try_fold(settings, |table, name| {
        let value = table.get_mut(name)?;
        if let ValueKind::Table(inner) = &mut value.kind {
            Some(inner)
        } else {
            None
        }
    })
}
