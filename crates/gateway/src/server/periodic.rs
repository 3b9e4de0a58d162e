//! What the gateway does periodically for authorities and their users.

mod authority_watch;
mod synchronise;
mod user_counts;

use std::sync::Arc;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use isogloss_core::directory::Directory;

use super::hot_swap::HotSwap;
use crate::config::Sections;
use crate::http::public::PublicState;

/// Tries the authorities, synchronises their users, and counts all users, for as long as the gateway runs.
pub(super) fn start(
    sections: &Sections,
    directory: &Arc<dyn Directory>,
    application: &HotSwap<PublicState>,
) -> [JoinHandle<()>; 3] {
    [
        authority_watch::start(sections, directory, application),
        synchronise::start(application),
        rt::spawn(user_counts::run(directory.clone())),
    ]
}
