//! The folder of a backup: it gets its name when it is complete.

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead as _, BufReader, BufWriter, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use isogloss_core::{Existing, create_private_file, create_private_folder, write_private_file};
use tempfile::TempDir;

use super::manifest::{MANIFEST, Manifest};

/// The file of `audit.to`.
pub(in crate::cli) const AUDIT: &str = "audit.jsonl";
/// All tokens.
pub(in crate::cli) const TOKENS: &str = "tokens";

/// Returns whether a backup may be made in the folder: it is empty or does not exist. Fails if it cannot be
/// read.
pub(super) fn is_free(folder: &Path) -> Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error).with_context(|| folder.display().to_string()),
    }
}

/// A backup that is being made. It is removed if it does not become complete.
pub(super) struct PartialBackup(TempDir);

impl PartialBackup {
    /// Creates a folder with a temporary name in the parent folder of `folder`, so that a rename can later turn the
    /// new folder into `folder`. Fails if the parent folder cannot be created or written.
    pub(super) fn beside(folder: &Path) -> Result<Self> {
        let parent = parent_of(folder);
        let make = || {
            create_private_folder(parent)?;
            tempfile::Builder::new()
                .prefix(".isogloss-backup-")
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(parent)
        };
        let folder = make().with_context(|| format!("cannot write to {}", parent.display()))?;
        Ok(Self(folder))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes the manifest, syncs all files to the disk, and renames the folder to `folder`. Fails if something
    /// cannot be written, or `folder` is not empty by then.
    pub(super) fn finish(self, manifest: &Manifest, folder: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(manifest)?;
        let finish = || {
            write_private_file(&self.path().join(MANIFEST), &text, Existing::Keep)?;
            for entry in fs::read_dir(self.path())? {
                let file = entry?.path();
                fs::set_permissions(&file, Permissions::from_mode(0o600))?;
                File::open(file)?.sync_all()?;
            }
            File::open(self.path())?.sync_all()?;
            fs::rename(self.path(), folder)?;
            File::open(parent_of(folder))?.sync_all()
        };
        finish().with_context(|| format!("cannot write {}", folder.display()))?;
        // It has another name now.
        let _ = self.0.keep();
        Ok(())
    }
}

/// Returns the parent folder, or the current one for a bare name.
fn parent_of(folder: &Path) -> &Path {
    let parent = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new("."))
}

/// Copies the lines of a file to a new one, except a last line without an end, which is still being written.
/// Fails if `to` exists, or a file cannot be read or written.
pub(in crate::cli) fn copy_lines(from: &Path, to: &Path) -> io::Result<()> {
    let mut lines = BufReader::new(File::open(from)?);
    let file = create_private_file(to)?.ok_or(ErrorKind::AlreadyExists)?;
    let mut file = BufWriter::new(file);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        file.write_all(&line)?;
        line.clear();
    }
    file.into_inner()?.sync_all()
}
