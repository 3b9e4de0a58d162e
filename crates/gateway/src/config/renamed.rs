//! Settings under the names that they had in earlier releases.

use std::fmt::Debug;

use ::config::{ConfigError, Map, Source, Value, ValueKind};

/// A setting's table, its former name and its present one.
const RENAMED: [(&str, &str, &str); 1] = [("dialects.bimplus", "allowed_origins", "cors_origins")];

/// A source whose settings have their present names, so that of two sources the later one counts,
/// whichever name each of them uses.
///
/// In a source that has both names the former one stays, and is refused as unknown when the table is read.
#[derive(Debug, Clone)]
pub(super) struct Renamed<S>(pub(super) S);

impl<S: Source + Debug + Clone + Send + Sync + 'static> Source for Renamed<S> {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        let mut settings = self.0.collect()?;
        for (table, former, present) in RENAMED {
            // The environment has whole paths for keys, a file has tables.
            let path = |name: &str| format!("{table}.{name}");
            rename(&mut settings, &path(former), &path(present));
            if let Some(table) = find(&mut settings, table) {
                rename(table, former, present);
            }
        }
        Ok(settings)
    }
}

fn rename(settings: &mut Map<String, Value>, former: &str, present: &str) {
    if settings.contains_key(present) {
        return;
    }
    if let Some(value) = settings.remove(former) {
        settings.insert(present.to_owned(), value);
    }
}

/// Returns the table at that path; `None` if there is none.
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
