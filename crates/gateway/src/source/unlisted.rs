//! Peers that say whom they speak for, and are not listed as proxies: forgotten proxies, or clients that try.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use isogloss_core::Source;
use tracing::warn;

/// How many networks a process warns of: anybody can send the header.
const MOST: usize = 16;

static NETWORKS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The header in which a request says whom it is sent for.
pub(super) fn claim(headers: &HeaderMap) -> Option<HeaderName> {
    let names = [X_FORWARDED_FOR, FORWARDED];
    names.into_iter().find(|name| headers.contains_key(name))
}

/// Warns of a peer, once for its network, and of a few networks only.
pub(super) fn warn_of(peer: Source, header: HeaderName) {
    let network = peer.network();
    let count = {
        let mut networks = NETWORKS.lock().unwrap_or_else(PoisonError::into_inner);
        if networks.len() >= MOST || !networks.insert(network.clone()) {
            return;
        }
        networks.len()
    };
    warn!(
        peer = peer.host(),
        network,
        header = header.as_str(),
        "a peer that is not in server.trusted_proxies says whom it speaks for, and is not believed: if it is a \
         proxy of yours, list it, or all its clients count as one address"
    );
    if count == MOST {
        warn!("no further peers that are not in server.trusted_proxies are logged until a restart");
    }
}
