//! Builds the authorities, which judge passwords, as the configuration says.

use std::sync::Arc;

use anyhow::Result;
use isogloss_core::StoreError;
use isogloss_core::authority::Authorities;
use isogloss_core::directory::{Directory, OrganisationRef};
use isogloss_core::throttle::Throttle;
use tracing::{info, warn};

use crate::config::ConfiguredAuthority;

/// Advice about an organisation that does not exist.
pub(crate) const HINT: &str =
    "add it with isogloss organisation add, or correct its name in the configuration";

/// Builds the authorities, and opens no connection. `throttle` counts the passwords that are passed on to them. Fails if a
/// setting is invalid or a file cannot be used.
pub(crate) fn open(
    configured: &[ConfiguredAuthority],
    throttle: &Arc<dyn Throttle>,
) -> Result<Authorities> {
    let mut all = Vec::new();
    for (index, authority) in configured.iter().enumerate() {
        let opened = authority.open(&format!("authorities[{index}]"))?;
        all.push((authority.settings(), opened));
    }
    Ok(Authorities::new(all, throttle))
}

/// Logs the authorities, and a warning for each organisation that they assign and that does not exist.
pub(crate) async fn log(configured: &[ConfiguredAuthority], directory: &dyn Directory) {
    for authority in configured {
        info!(
            authority = authority.name,
            kind = authority.kind.name(),
            mode = authority.mode.name(),
            users = authority.users.name(),
            addresses = authority.addresses().join(", "),
            "passwords of its users are judged by an authority"
        );
        match unknown_organisations(authority, directory).await {
            Ok(unknown) => {
                for organisation in unknown {
                    warn!(
                        authority = authority.name,
                        organisation,
                        hint = HINT,
                        "an authority assigns an organisation that does not exist: its users cannot log in"
                    );
                }
            }
            Err(error) => warn!(%error, "cannot look up the organisations of an authority"),
        }
    }
}

/// Returns the organisations that the configuration assigns to users of the authority and that do not exist. Fails if the
/// directory is unreachable.
pub(crate) async fn unknown_organisations(
    authority: &ConfiguredAuthority,
    directory: &dyn Directory,
) -> Result<Vec<String>, StoreError> {
    let mut unknown = Vec::new();
    for name in authority.organisations() {
        let found = directory.organisation(OrganisationRef::Name(&name)).await?;
        if found.is_none() {
            unknown.push(name);
        }
    }
    Ok(unknown)
}
