//! The configuration: files in TOML, then the environment, then checks.

mod address;
mod audit;
mod contents;
mod difference;
mod directory;
mod environment;
mod jwt;
mod logging;
mod mail;
mod masked;
mod passwords;
mod problem;
mod reference;
mod renamed;
mod schema;
mod sections;
mod server;
mod sunset;
mod throttle;
mod tls;
mod tokens;
mod tracing;
mod usage;

#[cfg(test)]
use std::path::Path;
use std::path::PathBuf;

use ::config::{File, FileFormat, Map, Source as _, Value};

pub(crate) use self::address::{DirectoryAddress, MailAddress, TokenStoreAddress, read_secret};
pub use self::audit::{Audit, AuditTarget};
pub(crate) use self::contents::Contents;
pub use self::directory::Directory;
use self::environment::Variables;
pub use self::jwt::Jwt;
pub use self::logging::{LogFormat, Logging};
pub use self::mail::Mail;
pub use self::passwords::Passwords;
use self::problem::Places;
pub use self::problem::Problem;
pub(crate) use self::problem::read;
pub(crate) use self::reference::reference;
use self::renamed::Renamed;
pub(crate) use self::schema::schema;
pub use self::sections::Sections;
pub use self::server::{Management, Server};
pub use self::sunset::{CutOff, Moment, Sunset, Then, Window};
pub use self::throttle::Throttle;
pub use self::tls::Tls;
pub use self::tokens::{RedisEviction, SecondUse, Tokens};
pub use self::tracing::Tracing;
pub use self::usage::Usage;
use crate::dialects::{self, Mount};

/// A checked configuration.
#[derive(Clone)]
pub struct Config {
    /// Everything but the dialects.
    pub sections: Sections,
    /// The dialects that are switched on, the longest path first.
    pub mounts: Vec<Mount>,
}

impl Config {
    /// Reads the files in order, then the environment; later values win. A problem names the key,
    /// where it stands and what was expected.
    pub fn load(files: &[PathBuf]) -> Result<Self, Problem> {
        let mut builder = ::config::Config::builder();
        for file in files {
            // The library does not name a file that it may not read.
            if let Err(error) = std::fs::read(file) {
                return Err(Problem::new(file.display().to_string(), error));
            }
            let file = File::from(file.as_path()).format(FileFormat::Toml);
            builder = builder.add_source(Renamed(file));
        }
        let merged = builder
            .add_source(Renamed(Variables::new()))
            .build()
            .map_err(|error| Problem::of("", error))?;
        Self::check(&merged)
    }

    fn check(merged: &::config::Config) -> Result<Self, Problem> {
        let tables = merged.collect().map_err(|error| Problem::of("", error))?;
        let places = Places::of(&tables);
        Self::read(tables).map_err(|problem| problem.found_in(&places))
    }

    fn read(mut tables: Map<String, Value>) -> Result<Self, Problem> {
        let dialects = match tables.remove("dialects") {
            Some(value) => value
                .into_table()
                .map_err(|error| Problem::of("dialects", error))?,
            None => Map::new(),
        };
        let sections = Sections::read(tables)?;
        let mounts = dialects::read(dialects)?;
        Ok(Self { sections, mounts })
    }

    /// The effective configuration as TOML, secrets masked.
    pub fn show(&self) -> Result<String, toml::ser::Error> {
        let mut table = toml::Table::try_from(&self.sections)?;
        let mut dialects = toml::Table::new();
        for mount in &self.mounts {
            let mut settings = toml::Table::from_iter([
                ("enabled".to_owned(), true.into()),
                ("path".to_owned(), mount.path.clone().into()),
            ]);
            settings.extend(toml::Table::try_from(&mount.settings)?);
            dialects.insert(mount.name.to_owned(), settings.into());
        }
        table.insert("dialects".to_owned(), dialects.into());
        toml::to_string(&table)
    }
}

#[cfg(test)]
mod tests;
