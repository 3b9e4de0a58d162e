//! Lines of JSON, at the end of a file or on the standard output.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use async_trait::async_trait;

use super::{AuditSink, PendingEvents};
use crate::error::StoreError;
use crate::private_file::{append_to_private_file, create_folder_of};

/// A sink that writes a line for each event, with one write each: several processes can share a file.
pub struct JsonLinesSink {
    /// The path of the file; `None` is the standard output.
    path: Option<PathBuf>,
    open: Option<File>,
    /// Whether the last line is incomplete.
    torn: bool,
    folder: Folder,
}

/// What happens if the file's folder does not exist.
#[derive(Clone, Copy)]
enum Folder {
    Made,
    Required,
}

impl JsonLinesSink {
    /// Returns a sink that appends to that file. A missing file is created together with its folder, accessible
    /// to the owner only. If the file is moved while the gateway runs, the sink creates a new one.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            path: Some(path.into()),
            open: None,
            torn: false,
            folder: Folder::Made,
        }
    }

    /// Returns a sink as [`JsonLinesSink::file`] does, but for a folder that must exist: a command with a wrong
    /// path creates no folder.
    pub fn file_in_folder(path: impl Into<PathBuf>) -> Self {
        Self {
            folder: Folder::Required,
            ..Self::file(path)
        }
    }

    /// Returns a sink that writes to the standard output.
    pub fn stdout() -> Self {
        Self {
            path: None,
            open: None,
            torn: false,
            folder: Folder::Required,
        }
    }

    /// Writes a line for each event, and removes the event from `events` once its line is complete. `Err` if the
    /// file cannot be opened or a line cannot be written; the next call opens the file again.
    fn write(&mut self, events: &mut PendingEvents) -> io::Result<()> {
        let mut file = self.output()?;
        while let Some(event) = events.front() {
            let before = if self.torn { "\n" } else { "" };
            let line = format!("{before}{}\n", event.line());
            let written = match file.write(line.as_bytes()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                written => written?,
            };
            self.torn = written < line.len();
            if self.torn {
                return Err(io::Error::new(ErrorKind::WriteZero, "a line was cut short"));
            }
            events.pop_front();
        }
        self.open = Some(file);
        Ok(())
    }

    /// Returns the file to write to. A file that was moved, or whose last write failed, is opened again by its
    /// path. `Err` if the file cannot be opened, or its folder cannot be created.
    fn output(&mut self) -> io::Result<File> {
        let open = self.open.take();
        let Some(path) = &self.path else {
            return match open {
                Some(file) => Ok(file),
                // Not through `std::io::stdout`, whose buffer would cut lines in two.
                None => Ok(io::stdout().as_fd().try_clone_to_owned()?.into()),
            };
        };
        if let Some(file) = open {
            let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
            let there = path.metadata().map(identity);
            if there.is_ok_and(|there| file.metadata().is_ok_and(|m| identity(m) == there)) {
                return Ok(file);
            }
        }
        if let Folder::Made = self.folder {
            create_folder_of(path)?;
        }
        let mut file = append_to_private_file(path)?;
        self.torn = is_torn(&mut file);
        Ok(file)
    }
}

/// Returns `true` if a file ends in the middle of a line: its writer had no space left, or was killed. Returns
/// `false` for anything but a plain file, and for a file that is empty or cannot be read.
fn is_torn(file: &mut File) -> bool {
    let mut last = [0];
    let read = file
        .seek(SeekFrom::End(-1))
        .and_then(|_| file.read_exact(&mut last));
    read.is_ok() && file.metadata().is_ok_and(|m| m.is_file()) && last != *b"\n"
}

#[async_trait]
impl AuditSink for JsonLinesSink {
    fn name(&self) -> &'static str {
        match self.path {
            Some(_) => "file",
            None => "stdout",
        }
    }

    async fn keep(&mut self, events: &mut PendingEvents) -> Result<(), StoreError> {
        let outcome = self.write(events);
        outcome.map_err(|error| match &self.path {
            Some(path) => {
                StoreError::new("audit file", format_args!("{}: {error}", path.display()))
            }
            None => StoreError::new("standard output", error),
        })
    }
}
