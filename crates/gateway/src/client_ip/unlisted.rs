//! Warnings about peers that send a client IP but are not listed as proxies.
//!
//! Such a peer is a forgotten proxy, or a client that tries to be taken for one.

use std::collections::BTreeSet;

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use isogloss_core::ClientIp;
use parking_lot::Mutex;
use tracing::warn;

/// Maximum number of networks that a process logs: any client can send the header.
const MOST: usize = 16;

static WARNED: Warned = Warned(Mutex::new(BTreeSet::new()));

/// Returns the header in which a request reports a client IP. Returns `None` if there is no such header.
pub(super) fn claim(headers: &HeaderMap) -> Option<HeaderName> {
    let names = [X_FORWARDED_FOR, FORWARDED];
    names.into_iter().find(|name| headers.contains_key(name))
}

/// Logs a peer, once for its network and for at most [`MOST`] networks.
pub(super) fn warn_of(peer: ClientIp, header: &HeaderName) {
    let network = peer.network();
    let Some(number) = WARNED.add(&network) else {
        return;
    };
    warn!(
        peer = peer.host(),
        network,
        header = header.as_str(),
        "a peer that is not in server.trusted_proxies sends X-Forwarded-For or Forwarded, and is not believed: if it is a \
         proxy of yours, list it, or all its clients count as one address"
    );
    if number == MOST {
        warn!("no further peers that are not in server.trusted_proxies are logged until a restart");
    }
}

/// The networks that have been logged.
struct Warned(Mutex<BTreeSet<String>>);

impl Warned {
    /// Adds a network, and returns the new number of networks. Returns `None` if the network is already there,
    /// or [`MOST`] networks are.
    fn add(&self, network: &str) -> Option<usize> {
        let mut networks = self.0.lock();
        let is_new = networks.len() < MOST && networks.insert(network.to_owned());
        is_new.then_some(networks.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_added_once_and_there_are_few_of_them() {
        let warned = Warned(Mutex::default());
        for number in 0..1000 {
            let network = format!("192.0.{number}.0/24");
            let expected = (number < MOST).then_some(number + 1);
            assert_eq!(warned.add(&network), expected);
            assert_eq!(warned.add(&network), None);
        }
    }
}
