//! How far the tables of a directory are, and why they cannot be brought up to date.

use std::collections::HashMap;

use serde::Serialize;
use thiserror::Error;

/// A step that brings the tables to a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The version that the tables are at after it.
    pub version: i64,
    /// What it is about.
    pub name: String,
}

/// The steps that tables still lack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outstanding {
    /// The version that the tables are at; 0 if there are none.
    pub from: i64,
    /// The version that this release needs.
    pub to: i64,
    /// The steps between the two, in their order.
    pub steps: Vec<Step>,
}

/// Why tables are not, or cannot be, as this release needs them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MigrationError {
    /// A newer release has changed them.
    #[error(
        "the tables are of a newer release: they are at version {found}, and this release knows versions \
         up to {known}; run the newer release, or restore a backup"
    )]
    Newer {
        /// The version that the tables are at.
        found: i64,
        /// The newest version that this release knows.
        known: i64,
    },
    /// A step was taken that this release knows otherwise.
    #[error("the tables were changed by another program: step {0} is not the one of this release")]
    Changed(i64),
    /// The tables must be changed, and may not be.
    #[error("{}, this release needs version {to}, and {obstacle} ({reason}): {}", at(*from), obstacle.advice())]
    Denied {
        /// The version that the tables are at; 0 if there are none.
        from: i64,
        /// The version that this release needs.
        to: i64,
        /// What prevents it.
        obstacle: Obstacle,
        /// What the database said.
        reason: String,
    },
    /// The version of the tables may not be read.
    #[error(
        "the role {role} may not read the table _sqlx_migrations ({reason}): grant it SELECT, see docs/postgresql.md"
    )]
    Unreadable {
        /// The role that connects.
        role: String,
        /// What the database said.
        reason: String,
    },
    /// The database cannot be queried, or a step failed.
    #[error("{0}")]
    Failed(String),
}

/// What prevents a change of the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The role, which is named, lacks the right.
    Role(String),
    /// The server is a standby, or otherwise read-only.
    ReadOnlyServer,
    /// The file may not be written.
    ReadOnlyFile,
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Role(role) => write!(f, "the role {role} may not change them"),
            Self::ReadOnlyServer => f.write_str("the server is read-only"),
            Self::ReadOnlyFile => f.write_str("the file may not be written"),
        }
    }
}

impl Obstacle {
    fn advice(&self) -> &'static str {
        match self {
            Self::Role(_) => "run isogloss directory migrate as the role that owns them",
            Self::ReadOnlyServer => "run isogloss directory migrate at the primary",
            Self::ReadOnlyFile => "run isogloss directory migrate as the owner of the file",
        }
    }
}

fn at(version: i64) -> String {
    match version {
        0 => "there are no tables".to_owned(),
        version => format!("the tables are at version {version}"),
    }
}

/// A step as this release has it, and the checksum of its statements.
pub type KnownStep = (Step, Vec<u8>);

/// A step as the database has noted it: its version and the checksum of its statements.
pub type AppliedStep = (i64, Vec<u8>);

impl Outstanding {
    /// Compares the steps that were taken with those that this release knows, and returns the ones that are
    /// missing.
    ///
    /// # Errors
    ///
    /// Fails if the tables are of a newer release, or if a step that was taken is not the one of this release.
    pub fn between(known: &[KnownStep], taken: &[AppliedStep]) -> Result<Self, MigrationError> {
        let to = known
            .iter()
            .map(|(step, _)| step.version)
            .max()
            .unwrap_or(0);
        let from = taken.iter().map(|(version, _)| *version).max().unwrap_or(0);
        if from > to {
            return Err(MigrationError::Newer {
                found: from,
                known: to,
            });
        }
        let taken: HashMap<_, _> = taken.iter().map(|(version, sum)| (*version, sum)).collect();
        let mut steps = Vec::new();
        for (step, known) in known {
            match taken.get(&step.version) {
                Some(checksum) if *checksum == known => {}
                Some(_) => return Err(MigrationError::Changed(step.version)),
                None => steps.push(step.clone()),
            }
        }
        Ok(Self { from, to, steps })
    }
}
