//! Crates that are compiled already, for the target folder of the copy.

use std::fs::{self, File};
use std::io::Result;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The parts of a profile's folder by which cargo knows what is compiled.
const PARTS: [&str; 3] = [".fingerprint", "build", "deps"];

/// Copies what is compiled in the profile's folder `from` to the new folder `to`, with its timestamps, so that cargo
/// compiles only what differs. Builds in `to` change nothing in `from`. Fails if a file cannot be copied.
pub(crate) fn copy_compiled(from: &Path, to: &Path) -> Result<()> {
    for part in PARTS {
        copy_folder(&from.join(part), &to.join(part))?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_folder(&from, &to)?;
        } else if is_replaced_when_built(&from)? {
            fs::hard_link(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
            copy_timestamp(&from, &to)?;
        }
    }
    Ok(())
}

/// Returns true if compilers replace that file by a new one, so that a hard link is safe. Other files are small, and
/// cargo writes into them.
fn is_replaced_when_built(file: &Path) -> Result<bool> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    Ok(match extension {
        Some("rlib" | "rmeta" | "so" | "a") => true,
        Some(_) => false,
        None => file.metadata()?.permissions().mode() & 0o111 != 0,
    })
}

/// Gives `to` the timestamp of the last change of `from`. Fails if either cannot be opened.
pub(crate) fn copy_timestamp(from: &Path, to: &Path) -> Result<()> {
    let changed = from.metadata()?.modified()?;
    File::options().write(true).open(to)?.set_modified(changed)
}
