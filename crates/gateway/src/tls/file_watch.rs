//! Detects that the TLS files of a listener have changed.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::config;

/// Version of a file: inode number, length in bytes, and modification time in seconds and nanoseconds. `None` if
/// its metadata cannot be read.
type FileVersion = Option<(u64, u64, i64, i64)>;

/// The files, with their versions when they were read and at the last check.
pub(super) struct WatchedFiles {
    pub(super) settings: config::Tls,
    taken: Vec<FileVersion>,
    seen: Vec<FileVersion>,
}

impl WatchedFiles {
    /// Records the versions of the files. Must be called before they are read, so that a write during the
    /// reading is detected as a change.
    pub(super) fn new(settings: &config::Tls) -> Self {
        let taken = file_versions(settings);
        Self {
            settings: settings.clone(),
            seen: taken.clone(),
            taken,
        }
    }

    /// Returns whether the files differ from those that were read, and are the same as at the last check.
    pub(super) fn have_changed(&mut self) -> bool {
        let now = file_versions(&self.settings);
        let is_settled = now == self.seen;
        self.seen = now;
        is_settled && self.seen != self.taken
    }
}

/// Returns the version of each file of the settings.
fn file_versions(settings: &config::Tls) -> Vec<FileVersion> {
    let files = [&settings.certificate_file, &settings.key_file];
    files
        .into_iter()
        .chain(&settings.client_ca_file)
        .map(|file| file_version(file))
        .collect()
}

/// Returns the version of a file, or `None` if its metadata cannot be read. Follows symbolic links: to replace
/// files atomically, operators replace a link.
fn file_version(file: &Path) -> FileVersion {
    let file = std::fs::metadata(file).ok()?;
    Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
}
