//! Replaces credentials of Redis and PostgreSQL that changed in the configuration or in a file that it names.

use anyhow::Result;
use isogloss_core::AccessChange;
use secrecy::{ExposeSecret as _, SecretString};
use tracing::info;

use super::Reload;
use crate::config::{FileDigests, Sections};

const TOKENS: [&str; 2] = ["tokens.store_file", "tokens.redis_ca_file"];
const DIRECTORY: [&str; 2] = ["directory.url_file", "directory.ca_file"];

impl Reload {
    /// Connects to the stores with the wanted credentials and certificate authorities from now on, if these
    /// have changed and are for the servers that are in use. Adds the keys of replaced ones to `replaced_keys`.
    /// Fails if a server does not accept the new credentials; the old ones stay in use then.
    pub(super) async fn replace_credentials(
        &mut self,
        wanted: &Sections,
        contents: &FileDigests,
        replaced_keys: &mut Vec<&'static str>,
    ) -> Result<()> {
        let changed = self.contents.difference(contents);
        let has_changed = |keys: &[&str]| changed.iter().any(|key| keys.contains(key));

        let (mut tokens, new) = (self.sections.tokens.clone(), &wanted.tokens);
        tokens.store = new.store.clone();
        tokens.store_file.clone_from(&new.store_file);
        tokens.redis_ca_file.clone_from(&new.redis_ca_file);
        let current = &self.sections.tokens;
        let is_new = differ(&current.store, &new.store)
            || current.store_file != new.store_file
            || current.redis_ca_file != new.redis_ca_file;
        if (is_new || has_changed(&TOKENS))
            && self.access.replace_tokens(&tokens).await? == AccessChange::Made
        {
            info!(key = "tokens.store", "new credentials are used from now on");
            replaced_keys.push("tokens.store");
            self.sections.tokens = tokens;
            self.contents.adopt(&TOKENS, contents);
        }

        let (mut directory, new) = (self.sections.directory.clone(), &wanted.directory);
        directory.url = new.url.clone();
        directory.url_file.clone_from(&new.url_file);
        directory.ca_file.clone_from(&new.ca_file);
        let current = &self.sections.directory;
        let is_new = differ(&current.url, &new.url)
            || current.url_file != new.url_file
            || current.ca_file != new.ca_file;
        if (is_new || has_changed(&DIRECTORY))
            && self.access.replace_directory(&directory).await? == AccessChange::Made
        {
            info!(
                key = "directory.url",
                "new credentials are used from now on"
            );
            replaced_keys.push("directory.url");
            self.sections.directory = directory;
            self.contents.adopt(&DIRECTORY, contents);
        }
        Ok(())
    }
}

/// Returns whether two secrets differ.
fn differ(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() != other.expose_secret()
}
