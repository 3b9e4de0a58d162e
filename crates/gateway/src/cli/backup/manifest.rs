//! The manifest of a backup: its parts, with checksums.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use isogloss_directory_sql::{PostgresDirectory, SqliteDirectory};
use ring::digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::folder::{AUDIT, TOKENS};
use super::secrets::{JWT_SECRET, NEXT_JWT_SECRET, PEPPER, PREVIOUS_PEPPER};
use crate::config::Database;

/// Files that a backup may have, and that a restore reads then.
const OPTIONAL: [&str; 5] = [AUDIT, PEPPER, PREVIOUS_PEPPER, JWT_SECRET, NEXT_JWT_SECRET];
/// File name of the manifest.
pub(super) const MANIFEST: &str = "manifest.json";
/// Version of the format that this program writes and reads.
pub(super) const FORMAT: u64 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Manifest {
    pub(super) format: u64,
    /// The version of the program that made it.
    pub(in crate::cli) program: String,
    pub(in crate::cli) made_at: String,
    pub(in crate::cli) directory: DirectoryPart,
    /// Number of tokens; `None` if they were in a gateway's memory.
    pub(in crate::cli) tokens: Option<u64>,
    /// Every other file of the backup, by name.
    pub(super) files: BTreeMap<String, FilePart>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct DirectoryPart {
    pub(in crate::cli) database: Database,
    /// The number of the last step that brought its tables up to date.
    pub(in crate::cli) version: i64,
    pub(in crate::cli) rows: BTreeMap<String, u64>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FilePart {
    bytes: u64,
    sha256: String,
}

impl Manifest {
    /// Reads the manifest of a backup, and compares the checksum of every listed file. Fails if there is no
    /// manifest, its format is another one, or a file is missing or damaged.
    pub(in crate::cli) fn verify(folder: &Path) -> Result<Self> {
        let place = folder.display();
        let text = match fs::read(folder.join(MANIFEST)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("{place} is not a backup: it has no {MANIFEST}")
            }
            text => text.with_context(|| format!("cannot read {place}/{MANIFEST}"))?,
        };
        let damaged = || format!("{place}/{MANIFEST} is damaged");
        let value: Value = serde_json::from_slice(&text).with_context(damaged)?;
        match value["format"].as_u64() {
            Some(FORMAT) => {}
            Some(format) => bail!(
                "{place} has the format {format}, and this program reads {FORMAT}: restore it with the \
                 release that made it, {}",
                value["program"]
                    .as_str()
                    .unwrap_or("which it does not name")
            ),
            None => bail!(damaged()),
        }
        let manifest: Self = serde_json::from_value(value).with_context(damaged)?;
        let found = digests(folder)?;
        for (name, part) in &manifest.files {
            match found.get(name) {
                None => bail!("{place} is incomplete: {name} is missing"),
                Some(found) if found != part => {
                    bail!("{place}/{name} is damaged: its checksum does not match")
                }
                Some(_) => {}
            }
        }
        Ok(manifest)
    }

    /// Fails if the manifest does not list a file that a restore needs or would use: such a file has no
    /// checksum.
    pub(in crate::cli) fn lists_all(&self, folder: &Path) -> Result<()> {
        let mut names = self.needed();
        let optional = OPTIONAL.into_iter();
        names.extend(
            optional
                .filter(|name| folder.join(name).exists())
                .map(str::to_owned),
        );
        if let Some(unlisted) = names.iter().find(|name| !self.has(name)) {
            let place = folder.display();
            bail!("{place}/{MANIFEST} is damaged: it does not list {unlisted}");
        }
        Ok(())
    }

    /// Returns the names of the files that a restore cannot do without.
    fn needed(&self) -> Vec<String> {
        let mut needed = match self.directory.database {
            Database::Sqlite => SqliteDirectory::backup_files(),
            Database::Postgres => PostgresDirectory::backup_files(),
        };
        needed.extend(self.tokens.map(|_| TOKENS.to_owned()));
        needed
    }

    /// Returns whether the manifest lists that file.
    pub(in crate::cli) fn has(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }
}

/// Returns size and SHA-256 of every file of a folder except the manifest. Fails if a file cannot be read.
pub(super) fn digests(folder: &Path) -> Result<BTreeMap<String, FilePart>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name != MANIFEST && path.is_file() {
            let part = digest(&path).with_context(|| format!("cannot read {}", path.display()))?;
            files.insert(name, part);
        }
    }
    Ok(files)
}

/// Returns size and SHA-256 of a file. Fails if it cannot be read.
fn digest(file: &Path) -> std::io::Result<FilePart> {
    let mut file = File::open(file)?;
    let mut digest = digest::Context::new(&digest::SHA256);
    let (mut bytes, mut buffer) = (0, vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            let sha256 = hex::encode(digest.finish());
            return Ok(FilePart { bytes, sha256 });
        }
        digest.update(&buffer[..read]);
        bytes += read as u64;
    }
}
