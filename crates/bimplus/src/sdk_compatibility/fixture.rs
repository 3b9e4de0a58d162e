//! The dialect's core on a SQLite directory and a store in memory.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use isogloss_core::audit::Audit;
use isogloss_core::authority::Authorities;
use isogloss_core::directory::file::{File, import};
use isogloss_core::store::SessionLimits;
use isogloss_core::{
    Auth, AuthComponents, PasswordSettings, Passwords, Pepper, SecondUse, SystemClock,
};
use isogloss_directory_sql::SqliteDirectory;
use isogloss_store_embedded::EmbeddedStore;
use serde_json::Value;
use tempfile::TempDir;

/// A core, and the folder of its directory.
pub(crate) struct World {
    pub(crate) auth: Auth,
    _folder: TempDir,
}

impl World {
    /// Creates a core whose directory has the content of this file.
    pub(crate) async fn new(file: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("directory.db");
        let directory = SqliteDirectory::open(&path).await.unwrap();
        let passwords = Passwords::start(PasswordSettings {
            bcrypt_cost: 4,
            threads: NonZeroUsize::new(1),
            queue: 64,
            ..PasswordSettings::default()
        })
        .unwrap();
        let file = File::parse(Path::new("users.json"), &file.to_string()).unwrap();
        import(&directory, &passwords, file, |_| {}).await.unwrap();
        let auth = Auth::new(AuthComponents {
            directory: Arc::new(directory),
            tokens: Arc::new(EmbeddedStore::in_memory(SessionLimits::default()).unwrap()),
            passwords,
            peppers: Pepper::new(b"0123456789abcdef".as_slice()).unwrap().into(),
            second_use: SecondUse::default(),
            throttle: None,
            authorities: Authorities::default(),
            audit: Audit::default(),
            clock: Arc::new(SystemClock),
        });
        Self {
            auth,
            _folder: folder,
        }
    }
}
