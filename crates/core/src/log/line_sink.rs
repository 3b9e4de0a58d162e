//! Lines, at the end of a file or on the standard output.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use async_trait::async_trait;

use super::{LogNames, LogSink};
use crate::error::StoreError;
use crate::private_file::{append_to_private_file, create_folder_of};

/// Where lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineTarget {
    /// To the standard output.
    Stdout,
    /// To the end of that file. A missing file is created together with its folder, accessible to the owner only. If
    /// the file is moved while the program runs, a new one is created.
    File(PathBuf),
    /// As [`LineTarget::File`], but the folder must exist: a command with a wrong path creates no folder.
    FileInFolder(PathBuf),
}

/// A sink that writes a line for each entry, with one write each: several processes can share a file.
pub struct LineSink<I> {
    names: &'static LogNames,
    target: LineTarget,
    /// Returns the line of an entry, without a line feed.
    line: fn(&I) -> String,
    open: Option<File>,
    /// Whether the last line is incomplete.
    torn: bool,
}

impl<I: Send + 'static> LineSink<I> {
    /// Returns a sink that writes what `line` returns for each entry: a line without a line feed.
    pub fn new(names: &'static LogNames, target: LineTarget, line: fn(&I) -> String) -> Self {
        Self {
            names,
            target,
            line,
            open: None,
            torn: false,
        }
    }

    /// Writes a line for each entry, and removes the entry from `entries` once its line is complete. `Err` if the
    /// file cannot be opened or a line cannot be written; the next call opens the file again.
    fn write(&mut self, entries: &mut VecDeque<I>) -> io::Result<()> {
        let mut file = self.output()?;
        while let Some(entry) = entries.front() {
            let before = if self.torn { "\n" } else { "" };
            let line = format!("{before}{}\n", (self.line)(entry));
            let written = match file.write(line.as_bytes()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                written => written?,
            };
            self.torn = written < line.len();
            if self.torn {
                return Err(io::Error::new(ErrorKind::WriteZero, "a line was cut short"));
            }
            entries.pop_front();
        }
        self.open = Some(file);
        Ok(())
    }

    /// Returns the file to write to. A file that was moved, or whose last write failed, is opened again by its
    /// path. `Err` if the file cannot be opened, or its folder cannot be created.
    fn output(&mut self) -> io::Result<File> {
        let open = self.open.take();
        let path = match &self.target {
            LineTarget::File(path) | LineTarget::FileInFolder(path) => path,
            LineTarget::Stdout => {
                return match open {
                    Some(file) => Ok(file),
                    // Not through `std::io::stdout`, whose buffer would cut lines in two.
                    None => Ok(io::stdout().as_fd().try_clone_to_owned()?.into()),
                };
            }
        };
        if let Some(file) = open {
            let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
            let there = path.metadata().map(identity);
            if there.is_ok_and(|there| file.metadata().is_ok_and(|m| identity(m) == there)) {
                return Ok(file);
            }
        }
        if let LineTarget::File(path) = &self.target {
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
impl<I: Send + 'static> LogSink<I> for LineSink<I> {
    fn name(&self) -> &'static str {
        match self.target {
            LineTarget::Stdout => "stdout",
            LineTarget::File(_) | LineTarget::FileInFolder(_) => "file",
        }
    }

    async fn keep(&mut self, entries: &mut VecDeque<I>) -> Result<(), StoreError> {
        let outcome = self.write(entries);
        outcome.map_err(|error| match &self.target {
            LineTarget::File(path) | LineTarget::FileInFolder(path) => {
                StoreError::new(self.names.file, format_args!("{}: {error}", path.display()))
            }
            LineTarget::Stdout => StoreError::new("standard output", error),
        })
    }
}
