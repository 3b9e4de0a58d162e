//! The conversations that this crate contains.

use include_dir::{Dir, include_dir};

use crate::{Conversation, Error, Result};

static EXCHANGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../tests/exchanges");

/// A conversation with the name of its file.
#[derive(Debug, Clone)]
pub struct Case {
    /// The name of the dialect.
    pub dialect: String,
    /// What the conversation shows, in words with `_` between them.
    pub name: String,
    /// The requests and the expected responses.
    pub conversation: Conversation,
}

/// Returns the conversations in this crate, sorted by dialect and name.
///
/// # Errors
/// A file is not a valid conversation. The error names the file.
pub fn cases() -> Result<Vec<Case>> {
    let mut cases = EXCHANGES
        .dirs()
        .flat_map(Dir::files)
        .map(|file| {
            let of = |part: Option<&std::ffi::OsStr>| {
                part.map(|part| part.to_string_lossy().into_owned())
                    .unwrap_or_default()
            };
            let path = file.path();
            let text = file.contents_utf8().unwrap_or_default();
            Ok(Case {
                dialect: of(path.parent().and_then(|parent| parent.file_name())),
                name: of(path.file_stem()),
                conversation: Conversation::parse(text)
                    .map_err(|error| error.context(path.display()))?,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    cases.sort_by(|a, b| (&a.dialect, &a.name).cmp(&(&b.dialect, &b.name)));
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_dialect_has_its_cases() {
        let mut counted = BTreeMap::new();
        for case in cases().unwrap() {
            *counted.entry(case.dialect).or_insert(0) += 1;
        }
        for dialect in ["bimplus", "crmcom", "memsource", "tokenlogin"] {
            assert!(counted.get(dialect) > Some(&40), "{counted:?}");
        }
    }
}
