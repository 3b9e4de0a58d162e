//! What is compiled already, taken over into the build of the copy.

use std::fs::{self, File};
use std::io::Result;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What cargo needs of a profile's folder to see what is compiled.
const PARTS: [&str; 3] = [".fingerprint", "build", "deps"];

/// Takes over what `from`, the folder of a profile, holds into the new folder `to`, with its timestamps: cargo then
/// compiles only what differs. Nothing that is built there changes anything in `from`.
pub(crate) fn take_over(from: &Path, to: &Path) -> Result<()> {
    for part in PARTS {
        take_over_folder(&from.join(part), &to.join(part))?;
    }
    Ok(())
}

fn take_over_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            take_over_folder(&from, &to)?;
        } else if is_replaced_when_built(&from)? {
            fs::hard_link(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
            copy_timestamp(&from, &to)?;
        }
    }
    Ok(())
}

/// Whether a compiler puts a new file in the place of that one. Other files, all of them small, are written over.
fn is_replaced_when_built(file: &Path) -> Result<bool> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    Ok(match extension {
        Some("rlib" | "rmeta" | "so" | "a") => true,
        Some(_) => false,
        None => file.metadata()?.permissions().mode() & 0o111 != 0,
    })
}

/// Gives `to` the time at which `from` was changed.
pub(crate) fn copy_timestamp(from: &Path, to: &Path) -> Result<()> {
    let changed = from.metadata()?.modified()?;
    File::options().write(true).open(to)?.set_modified(changed)
}
