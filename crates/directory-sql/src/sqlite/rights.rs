//! Finds which permission for a database file, or for its folder, a process lacks.

use std::fs::{self, File};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;

/// The suffixes of the files that SQLite creates next to a database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Returns why a file cannot be opened and what to do, because SQLite's errors do not say. `None` if the operating
/// system reports no obstacle.
pub(super) fn obstacle(file: &Path) -> Option<String> {
    let opened = File::options().read(true).write(true).open(file);
    if let Err(error) = opened
        && !is_denied(&error)
    {
        return Some(format!("cannot open the file: {error}"));
    }
    let beside = BESIDE.map(|end| beside(file, end));
    let unreadable = [file]
        .into_iter()
        .chain(beside.iter().map(PathBuf::as_path))
        .find_map(|path| {
            let error = denied(path, Access::READ_OK)?;
            Some(denial("read the file", (path, path), &error, ""))
        });
    unreadable.or_else(|| {
        let folder = file.parent().filter(|path| !path.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let error = denied(folder, Access::WRITE_OK)?;
        let name = file.file_name().unwrap_or_default().display();
        let why = format!(
            ", where SQLite makes {name}-wal and {name}-shm, to read as well, unless another process \
             has the file open"
        );
        Some(denial("write to the folder", (folder, file), &error, &why))
    })
}

/// Returns a message that says which permission the process's user lacks, and what to do.
fn denial(right: &str, (path, file): (&Path, &Path), error: &Error, why: &str) -> String {
    let (user, path) = (geteuid().as_raw(), path.display());
    let advice = match fs::metadata(file).map(|found| found.uid()) {
        Ok(owner) if owner != user => {
            format!(
                "grant that right, or run this as the file's owner, the user with the ID {owner}"
            )
        }
        Ok(_) | Err(_) => "make it writable, or copy the database to a folder that is".to_owned(),
    };
    format!("the user with the ID {user} may not {right} {path} ({error}){why}: {advice}")
}

fn denied(path: &Path, right: Access) -> Option<Error> {
    let error = Error::from(access(path, right).err()?);
    is_denied(&error).then_some(error)
}

fn is_denied(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(end);
    path.into()
}
