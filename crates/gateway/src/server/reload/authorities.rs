//! Replaces the authorities if their settings have changed, or a file that they name.

use std::collections::BTreeSet;

use actix_web::rt;
use anyhow::Result;
use isogloss_core::Auth;
use isogloss_core::authority::Authorities;
use metrics::gauge;
use tracing::info;

use super::Reload;
use crate::bootstrap::authorities;
use crate::config::{AUTHORITIES, FileDigests, Sections};

impl Reload {
    /// Returns the authorities of `wanted`; `None` if neither they nor their files have changed, so that what is known of
    /// them stays. Fails if one of them cannot be built.
    pub(super) fn changed_authorities(
        &self,
        wanted: &Sections,
        contents: &FileDigests,
    ) -> Result<Option<Authorities>> {
        let settings = self.sections.difference(wanted);
        let files = self.contents.difference(contents);
        let is_changed =
            settings.iter().any(|key| key == AUTHORITIES) || files.contains(&AUTHORITIES);
        is_changed
            .then(|| authorities::open(&wanted.authorities, &self.attempts))
            .transpose()
    }

    /// Returns the service with these authorities, and tries and logs them; the service in use if there are none. Logins that
    /// have begun finish with the authorities of before.
    pub(super) fn replace_authorities(
        &mut self,
        wanted: &Sections,
        authorities: Option<Authorities>,
        contents: &FileDigests,
    ) -> Auth {
        let auth = self.application.state().auth;
        let Some(authorities) = authorities else {
            return auth;
        };
        self.contents.adopt(&[AUTHORITIES], contents);
        let remaining: BTreeSet<_> = wanted.authorities.iter().map(|one| &*one.name).collect();
        for removed in self.sections.authorities.iter().map(|one| &*one.name) {
            if !remaining.contains(removed) {
                // The metric of an authority that is gone must not look like an outage.
                gauge!("isogloss_authority_available", "authority" => removed.to_owned())
                    .set(f64::NAN);
            }
        }
        let auth = auth.with_authorities(authorities);
        info!(
            count = wanted.authorities.len(),
            "new authorities are used from now on"
        );
        let (tried, configured) = (auth.clone(), wanted.authorities.clone());
        let directory = self.directory.clone();
        rt::spawn(async move {
            authorities::log(&configured, directory.as_ref()).await;
            tried.authorities().check(tried.now()).await;
        });
        auth
    }
}
