//! The formats in which files of users are read.

use std::path::Path;

use super::fields::Mapping;
use super::{File, FileError, csv_users, keycloak};
use crate::directory::EntryFaults;

/// The format of a file.
#[derive(Debug, Clone)]
pub enum FileFormat {
    /// A directory file in TOML.
    Toml,
    /// A directory file in JSON.
    Json,
    /// Users in CSV, with a heading.
    Csv(Mapping),
    /// The users of an export of a realm of Keycloak, which is JSON.
    Keycloak(Mapping),
}

impl FileFormat {
    /// Returns the format of a directory file: JSON if its name ends in `.json`, TOML otherwise.
    pub fn of_directory_file(path: &Path) -> Self {
        let extension = path.extension();
        if extension.is_some_and(|extension| extension == "json") {
            Self::Json
        } else {
            Self::Toml
        }
    }
}

impl File {
    /// Parses the text of a file in this format; `path` appears in errors.
    ///
    /// # Errors
    /// If the text is not of the format, or if entries are invalid: all of them are listed. No error quotes a secret.
    pub fn parse_as(path: &Path, text: &str, format: &FileFormat) -> Result<Self, FileError> {
        let parsed = match format {
            FileFormat::Toml => return Self::parse_toml(path, text),
            FileFormat::Json => return Self::parse_json(path, text),
            FileFormat::Csv(mapping) => csv_users::parse(text, mapping),
            FileFormat::Keycloak(mapping) => keycloak::parse(text, mapping),
        };
        parsed.map_err(|faults| FileError::Entries(EntryFaults(faults)))
    }
}
