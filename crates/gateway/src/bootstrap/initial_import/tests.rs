//! An import at the start or at a reload is recorded, even if a response is lost or the import is cancelled.

use std::fs;

use isogloss_core::audit::Outcome;
use isogloss_core::{Pepper, Peppers};
use isogloss_directory_sql::SqliteDirectory;
use isogloss_password::PasswordSettings;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tempfile::TempDir;
use tokio::time::timeout;

use super::*;
use crate::bootstrap::audit::recording::Recording;

type Recorded = (Outcome, Option<RefusalReason>, Option<u64>);

/// A gateway whose directory is a file, and a separate connection to that file.
struct Started {
    folder: TempDir,
    filling: InitialImport,
    recording: Recording,
    pool: SqlitePool,
}

impl Started {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("directory.db");
        let directory = SqliteDirectory::open(&file).await.unwrap();
        let recording = Recording::default();
        let filling = InitialImport {
            directory: Arc::new(directory),
            passwords: Passwords::start(PasswordSettings::default()).unwrap(),
            file: Arc::default(),
            audit: recording.start(),
            is_closed: Arc::default(),
        };
        let options = SqliteConnectOptions::new().filename(&file);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        Self {
            folder,
            filling,
            recording,
            pool,
        }
    }

    fn file(&self) -> Option<DirectoryFile> {
        let path = self.folder.path().join("users.toml");
        fs::write(&path, "[[organisations]]\nname = \"ACME\"\n").unwrap();
        let pepper = Pepper::new([7; 32]).unwrap();
        DirectoryFile::read(&path, &Peppers::from(pepper)).unwrap()
    }

    async fn run(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.pool).await.unwrap();
    }

    async fn recorded(&self) -> Vec<Recorded> {
        assert!(self.filling.audit.flush().await);
        let events = self.recording.events().into_iter().map(|event| {
            assert_eq!(event.event, EventKind::ImportDirectory);
            (event.outcome, event.reason, event.count)
        });
        events.collect()
    }
}

const MADE: Recorded = (Outcome::Done, None, Some(1));
const UNKNOWN: Recorded = (Outcome::Refused, Some(RefusalReason::Unavailable), None);

#[actix_web::test]
async fn an_import_that_cannot_be_noted_is_recorded() {
    let started = Started::new().await;
    let spoil = "CREATE TRIGGER spoil BEFORE INSERT ON imports
                 BEGIN SELECT RAISE(ABORT, 'no answer'); END";
    started.run(spoil).await;
    let replaced = started.filling.replace_file(started.file()).await;
    assert!(replaced.is_err());
    assert_eq!(started.recorded().await, [MADE]);
}

#[actix_web::test]
async fn an_import_that_is_not_answered_is_recorded_once_as_refused() {
    let started = Started::new().await;
    let spoil = "CREATE TRIGGER spoil BEFORE INSERT ON organisations
                 BEGIN SELECT RAISE(ABORT, 'no answer'); END";
    started.run(spoil).await;
    *started.filling.file.lock().await = started.file();
    for _ in 0..2 {
        let attempt = started.filling.attempt().await;
        assert!(matches!(attempt, Err(FileError::Unavailable(_))));
    }
    assert_eq!(started.recorded().await, [UNKNOWN]);
    started.run("DROP TRIGGER spoil").await;
    started.filling.attempt().await.unwrap();
    assert_eq!(started.recorded().await, [UNKNOWN, MADE]);
}

#[actix_web::test]
async fn an_import_whose_reload_is_cut_off_by_the_end_is_recorded() {
    let started = Started::new().await;
    let reload = started.filling.replace_file(started.file());
    assert!(timeout(Duration::ZERO, reload).await.is_err());
    started.filling.close().await;
    assert_eq!(started.recorded().await, [MADE]);
    let next = started.filling.replace_file(None);
    assert!(timeout(Duration::ZERO, next).await.is_err(), "it is closed");
}
