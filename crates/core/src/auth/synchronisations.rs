//! The synchronisations of the users of authorities.

use std::sync::Arc;

use super::Auth;
use crate::directory::synchronisation::Synchronisation;

impl Auth {
    /// Returns the synchronisation of the users of each authority, in the order of the configuration. Some authorities
    /// cannot list their users, which its run reports.
    pub fn synchronisations(&self) -> Vec<Synchronisation> {
        let parts = &self.components;
        let all = parts.authorities.iter();
        all.map(|(settings, authority)| Synchronisation {
            directory: Arc::clone(&parts.directory),
            settings: settings.clone(),
            authority: Arc::clone(authority),
            audit: parts.audit.clone(),
            clock: Arc::clone(&parts.clock),
        })
        .collect()
    }
}
