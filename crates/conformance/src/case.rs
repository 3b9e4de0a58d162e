//! The conversations that this crate contains.

use std::fs;
use std::path::{Path, PathBuf};

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
    let files = EXCHANGES.dirs().flat_map(Dir::files);
    let texts = files.map(|file| {
        let text = file.contents_utf8().unwrap_or_default();
        Ok((file.path().to_owned(), text.to_owned()))
    });
    sorted(texts)
}

/// Returns the conversations in the files `<dialect>/<name>.toml` of a folder, sorted by dialect and name.
///
/// # Errors
/// The folder cannot be read, or a file is not a valid conversation. The error names the folder or the file.
pub fn read_cases(folder: &Path) -> Result<Vec<Case>> {
    let mut files = Vec::new();
    for dialect in entries(folder)? {
        if dialect.is_dir() {
            files.extend(entries(&dialect)?);
        }
    }
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "toml")
    });
    sorted(files.into_iter().map(|file| {
        let text = fs::read_to_string(&file).map_err(|error| cannot_read(&file, &error))?;
        Ok((file, text))
    }))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| cannot_read(folder, &error))?;
    entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(|error| cannot_read(folder, &error))
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Error {
    Error::new(format!("cannot read {}: {error}", path.display()))
}

/// Parses the texts of files, and sorts the conversations by dialect and name.
fn sorted(texts: impl Iterator<Item = Result<(PathBuf, String)>>) -> Result<Vec<Case>> {
    let mut cases = texts
        .map(|file| file.and_then(|(path, text)| parse(&path, &text)))
        .collect::<Result<Vec<_>>>()?;
    cases.sort_by(|a, b| (&a.dialect, &a.name).cmp(&(&b.dialect, &b.name)));
    Ok(cases)
}

fn parse(path: &Path, text: &str) -> Result<Case> {
    let of = |part: Option<&std::ffi::OsStr>| {
        part.map(|part| part.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    Ok(Case {
        dialect: of(path.parent().and_then(Path::file_name)),
        name: of(path.file_stem()),
        conversation: Conversation::parse(text).map_err(|error| error.context(path.display()))?,
    })
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
