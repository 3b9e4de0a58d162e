//! The names of users for their identifiers.

use std::collections::HashMap;

use isogloss_core::StoreError;
use isogloss_core::directory::Directory;
use uuid::Uuid;

/// Users' names, looked up once each.
pub(crate) struct UserNames<'a> {
    directory: &'a dyn Directory,
    known: HashMap<Uuid, Option<String>>,
}

impl<'a> UserNames<'a> {
    /// Returns the names of users of that directory, of which none is known yet.
    pub(crate) fn new(directory: &'a dyn Directory) -> Self {
        Self {
            directory,
            known: HashMap::new(),
        }
    }

    /// Returns the name of the user with that identifier. `None` if the user is gone. Fails if the directory is
    /// unreachable.
    pub(crate) async fn name(&mut self, id: Uuid) -> Result<Option<String>, StoreError> {
        if let Some(name) = self.known.get(&id) {
            return Ok(name.clone());
        }
        let user = self.directory.user(id).await?;
        let name = user.map(|user| user.user_name.clone());
        self.known.insert(id, name.clone());
        Ok(name)
    }
}
