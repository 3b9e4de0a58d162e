//! The disk under the embedded store is full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use conformance::Store;
use tempfile::TempDir;

use crate::{gateway, survives};

/// A file system of a few megabytes, gone when this is dropped.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    fn mount() -> Self {
        let folder = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(mounted.success(), "a small disk needs root to be mounted");
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let whole = fs::write(self.ballast(), vec![0; 16 << 20]);
        assert!(whole.is_err(), "the disk is larger than it should be");
    }

    fn empty(&self) {
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

#[test]
fn it_fills_up_and_is_cleared() {
    let disk = SmallDisk::mount();
    let gateway = gateway(Store::Embedded)
        .folder(disk.path())
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    survives("disk full", &gateway, || disk.fill(), || disk.empty());
}
