//! Files that only their owner may read: they hold hashes, digests, or the pepper.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Creates a file that does not exist yet, with its parent folders, accessible to the owner only, and returns it
/// open for writing. Returns `None` and changes nothing if the file exists.
///
/// # Errors
///
/// [`io::Error`] if the folder or the file cannot be created.
pub fn create_private_file(path: &Path) -> io::Result<Option<File>> {
    create_folder_of(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

/// What happens to an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// The file stays, and writing fails.
    Keep,
    /// The file is replaced by a new one, which only the owner may access.
    Replace,
}

/// Writes a whole file, accessible to the owner only. Missing parent folders are created. The content appears
/// under that name only once it is complete.
///
/// # Errors
///
/// [`ErrorKind::AlreadyExists`] if the file exists and `existing` is [`Existing::Keep`]. Another [`io::Error`]
/// if the folder or the file cannot be created, written or synced.
pub fn write_private_file(path: &Path, content: &[u8], existing: Existing) -> io::Result<()> {
    create_folder_of(path)?;
    let folder = folder_of(path).unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    let persisted = match existing {
        Existing::Keep => file.persist_noclobber(path),
        Existing::Replace => file.persist(path),
    };
    persisted.map(drop).map_err(|error| error.error)
}

/// Creates a folder and its parents, accessible to the owner only. An existing folder keeps its mode.
///
/// # Errors
///
/// [`ErrorKind::NotADirectory`] if a file has that name. Another [`io::Error`] if the folder cannot be created.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| {
        // A file of that name is not an existing folder.
        let kind = if error.kind() == ErrorKind::AlreadyExists {
            ErrorKind::NotADirectory
        } else {
            error.kind()
        };
        let folder = folder.display();
        io::Error::new(kind, format!("cannot make the folder {folder}: {error}"))
    })
}

/// Opens a file for appending lines and for reading the last one. A missing file is created, accessible to the
/// owner only, in an existing folder; an existing file keeps its mode. `Err` if the file cannot be opened or
/// created.
pub(crate) fn append_to_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Creates the folder of a file, and the parents of the folder, as [`create_private_folder`] does. `Err` if that
/// fails. Does nothing for a path without a folder.
pub(crate) fn create_folder_of(path: &Path) -> io::Result<()> {
    folder_of(path).map_or(Ok(()), create_private_folder)
}

/// Returns the folder in a path. `None` if the path is only the name of a file.
fn folder_of(path: &Path) -> Option<&Path> {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn others_may_not_read_it_and_it_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/secret");
        assert!(create_private_file(&path).unwrap().is_some());
        assert!(create_private_file(&path).unwrap().is_none());
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_file_is_replaced_only_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out/export");
        let write = |text: &str, existing| write_private_file(&path, text.as_bytes(), existing);
        write("one", Existing::Keep).unwrap();
        let refused = write("two", Existing::Keep).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        write("three", Existing::Replace).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "three");
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1
        );
    }
}
