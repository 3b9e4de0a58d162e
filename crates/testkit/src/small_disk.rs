//! A disk that can be full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A file system of a few megabytes, gone when this is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts a disk of 12 MiB. The test must run as root.
    ///
    /// # Panics
    /// If the disk cannot be mounted.
    pub fn mount() -> Self {
        let folder = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(mounted.success(), "a small disk needs root to be mounted");
        Self { folder }
    }

    /// Returns the folder at which the disk is mounted.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Uses all space that is left.
    pub fn fill(&self) {
        let whole = fs::write(self.ballast(), vec![0; 16 << 20]);
        assert!(whole.is_err(), "the disk is larger than it should be");
    }

    /// Frees the space that [`fill`](Self::fill) uses.
    pub fn empty(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
        drop(unmounted);
    }
}
