//! Outstanding migrations of a directory's tables, and why they cannot be applied.

use std::collections::HashMap;

use serde::Serialize;
use thiserror::Error;

/// A migration of the tables to a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The version of the tables after the migration.
    pub version: i64,
    /// A short description.
    pub name: String,
}

/// The migrations that are still to apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outstanding {
    /// The current version of the tables; 0 if there are none.
    pub from: i64,
    /// The version that this release requires.
    pub to: i64,
    /// The migrations between the two versions, in order.
    pub steps: Vec<Step>,
}

/// Why the tables do not have, or cannot be brought to, the version that this release requires.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MigrationError {
    /// A newer release has changed the tables.
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
    /// A migration was applied whose statements differ from those of this release.
    #[error("the tables were changed by another program: step {0} is not the one of this release")]
    Changed(i64),
    /// The tables must be changed, but this is not allowed.
    #[error("{}, this release needs version {to}, and {obstacle} ({reason}): {}", at(*from), obstacle.advice())]
    Denied {
        /// The current version of the tables; 0 if there are none.
        from: i64,
        /// The version that this release requires.
        to: i64,
        /// The obstacle.
        obstacle: Obstacle,
        /// The error of the database.
        reason: String,
    },
    /// The version of the tables cannot be read.
    #[error(
        "the role {role} may not read the table _sqlx_migrations ({reason}): grant it SELECT, see docs/postgresql.md"
    )]
    Unreadable {
        /// The role that the gateway connects as.
        role: String,
        /// The error of the database.
        reason: String,
    },
    /// The database cannot be queried, or a migration failed.
    #[error("{0}")]
    Failed(String),
}

/// An obstacle to changing the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The role with this name lacks the privilege.
    Role(String),
    /// The server is a standby or read-only for another reason.
    ReadOnlyServer,
    /// The database file may not be written.
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

/// A migration of this release, and the checksum of its statements.
pub type KnownStep = (Step, Vec<u8>);

/// A migration that the database has recorded as applied: its version and the checksum of its statements.
pub type AppliedStep = (i64, Vec<u8>);

impl Outstanding {
    /// Compares the applied migrations with those of this release, and returns the missing ones.
    ///
    /// # Errors
    ///
    /// Fails if the tables are at the version of a newer release, or if the statements of an applied migration
    /// differ from those of this release.
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
