//! What the gateway does periodically for authorities and their users.

mod authority_watch;
mod live_tokens;
mod synchronise;
mod user_counts;

use std::sync::Arc;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use isogloss_core::directory::Directory;
use isogloss_core::store::TokenStore;

use super::hot_swap::HotSwap;
use crate::config::{Sections, TokenStoreAddress};
use crate::http::public::PublicState;

/// Tries the authorities, synchronises their users, and counts all users and the tokens of a store in this process, for
/// as long as the gateway runs.
pub(super) fn start(
    sections: &Sections,
    directory: &Arc<dyn Directory>,
    tokens: &Arc<dyn TokenStore>,
    application: &HotSwap<PublicState>,
) -> Vec<JoinHandle<()>> {
    let mut tasks = vec![
        authority_watch::start(sections, directory, application),
        synchronise::start(application),
        rt::spawn(user_counts::run(directory.clone())),
    ];
    // The tokens of a Redis would all have to cross the network.
    let address = TokenStoreAddress::from_settings(&sections.tokens);
    if let Ok(TokenStoreAddress::Memory | TokenStoreAddress::Embedded(_)) = address {
        tasks.push(rt::spawn(live_tokens::run(tokens.clone())));
    }
    tasks
}
