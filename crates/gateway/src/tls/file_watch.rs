//! Whether the files of a listener have changed.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::config;

/// What tells one version of a file from another: its number, its length, and when it was written.
type Stamp = Option<(u64, u64, i64, i64)>;

/// The files, as they were when they were read.
pub(super) struct WatchedFiles {
    pub(super) settings: config::Tls,
    taken: Vec<Stamp>,
    seen: Vec<Stamp>,
}

impl WatchedFiles {
    /// To be called before they are read: what is written meanwhile is then seen as a change.
    pub(super) fn new(settings: &config::Tls) -> Self {
        let taken = stamps(settings);
        Self {
            settings: settings.clone(),
            seen: taken.clone(),
            taken,
        }
    }

    /// Whether they are others than those that were read, and the same as at the last look.
    pub(super) fn have_changed(&mut self) -> bool {
        let now = stamps(&self.settings);
        let is_settled = now == self.seen;
        self.seen = now;
        is_settled && self.seen != self.taken
    }
}

fn stamps(settings: &config::Tls) -> Vec<Stamp> {
    let files = [&settings.certificate_file, &settings.key_file];
    files
        .into_iter()
        .chain(&settings.client_ca_file)
        .map(|file| stamp(file))
        .collect()
}

/// Links are followed: those who exchange files at one stroke exchange a link.
fn stamp(file: &Path) -> Stamp {
    let file = std::fs::metadata(file).ok()?;
    Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
}
