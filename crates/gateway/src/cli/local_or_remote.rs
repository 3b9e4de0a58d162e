//! Runs a command on shared stores, or at the running gateway.

use anyhow::Result;

use crate::bootstrap::components::{self, Components};
use crate::config::Config;
use crate::management_client::{Gateway, ManagementClient};

/// Runs `local` on the stores if several processes can open them. Otherwise the running gateway has them open,
/// and `remote` sends a request to it.
///
/// # Errors
/// The stores cannot be opened, no key for the gateway is given, or `local` or `remote` fails.
pub(super) async fn local_or_remote<T>(
    config: &Config,
    gateway: &Gateway,
    local: impl AsyncFnOnce(Components) -> Result<T>,
    remote: impl FnOnce(&ManagementClient) -> Result<T>,
) -> Result<T> {
    match components::open_shared(config).await? {
        Some(opened) => local(opened).await,
        None => remote(&ManagementClient::open(gateway, &config.sections)?),
    }
}
