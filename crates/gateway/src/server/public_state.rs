//! The state of the public application, from the configuration.

use std::sync::Arc;

use anyhow::Result;
use isogloss_core::{Auth, Outbox};
use tracing::{info, warn};

use super::proxies;
use crate::AccountPage;
use crate::access_log::AccessLog;
use crate::back_end::BackEnds;
use crate::bootstrap::mailer;
use crate::config::Config;
use crate::http::drain::Drain;
use crate::http::public::PublicState;
use crate::http::self_probe::SelfProbe;
use crate::introspection::PublicMetadata;
use crate::refusals::RefusalLog;
use crate::sunset::Sunsets;
use crate::usage::UsageRecorder;

/// Returns the state of the public application that the configuration describes, and logs what is mounted. Its parts that are
/// shared with other tasks are placeholders. Fails if the mailer or the templates of e-mails cannot be used.
pub(super) fn public_state(
    config: &Config,
    auth: Auth,
    probe: SelfProbe,
    usage: UsageRecorder,
) -> Result<PublicState> {
    let server = &config.sections.server;
    let mailer = mailer::open(&config.sections.mail)?;
    let state = PublicState {
        auth,
        account: AccountPage::open(&config.sections, &mailer)?,
        outbox: Outbox::new(mailer),
        mounts: config.mounts.clone(),
        body_limit: server.body_limit,
        body_timeout: server.body_timeout,
        hsts: server.hsts,
        probe,
        usage,
        sunsets: Sunsets::new(&config.sections.sunset),
        proxies: proxies(server),
        drain: Drain::default(),
        access_log: AccessLog::default(),
        refusals: RefusalLog::default(),
        recheck: Arc::default(),
        back_ends: BackEnds::default(),
        metadata: PublicMetadata::default(),
    };
    for mount in &state.mounts {
        info!(dialect = mount.name, path = mount.path, "mounted");
        let settings = mount.back_end();
        if settings.is_set() {
            let addresses = settings.backend.join(", ");
            info!(
                dialect = mount.name,
                addresses, "other calls go to a back end"
            );
        }
    }
    if state.account.is_some() {
        info!(path = server.account_path, "mounted the account page");
    }
    state.sunsets.log();
    if state.mounts.is_empty() {
        warn!("no dialect is enabled: every request will get 404");
    }
    Ok(state)
}
