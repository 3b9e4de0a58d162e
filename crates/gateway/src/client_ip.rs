//! The client IP of a request: the peer's address, or the one that trusted proxies report.

mod unlisted;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{
    FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO,
};
use actix_web::{HttpMessage as _, HttpRequest};
use isogloss_core::{ClientIp, Network};

use crate::config::ProxyHeader;

/// The networks of trusted proxies, and the header in which they report the client IP.
#[derive(Debug, Clone)]
pub struct TrustedProxies {
    trusted: Arc<[Network]>,
    header: ProxyHeader,
}

impl TrustedProxies {
    /// Creates the list of networks whose peers are trusted to report the client IP in that header.
    pub fn new(trusted: &[Network], header: ProxyHeader) -> Self {
        Self {
            trusted: trusted.into(),
            header,
        }
    }

    /// Inserts the client IP into the request's extensions, for dialects, and returns it. Returns `None` if the
    /// request has no peer address.
    pub(crate) fn record_client_ip(&self, request: &ServiceRequest) -> Option<ClientIp> {
        let peer = request.peer_addr()?.ip().to_canonical();
        let source = self.source(peer, request.headers());
        request.extensions_mut().insert(source);
        Some(source)
    }

    /// Logs a warning if a peer reports a client IP but is not a trusted proxy.
    pub(crate) fn warn_of_unlisted_peer(&self, request: &ServiceRequest) {
        let Some(peer) = request.peer_addr() else {
            return;
        };
        let peer = peer.ip().to_canonical();
        if let Some(header) = unlisted::claim(request.headers())
            && !self.trusts(peer)
        {
            unlisted::warn_of(peer.into(), &header);
        }
    }

    /// Removes the headers that describe the original request to a proxy, unless a trusted proxy sent them in
    /// the header that it writes. Otherwise responses could repeat a host and a scheme that the client invented.
    pub(crate) fn remove_forwarded_headers(&self, request: &mut ServiceRequest) {
        let is_trusted = self.is_trusted_peer(request.request());
        let headers = request.headers_mut();
        if !is_trusted || self.header == ProxyHeader::XForwardedFor {
            headers.remove(FORWARDED);
        }
        if !is_trusted || self.header == ProxyHeader::Forwarded {
            headers.remove(X_FORWARDED_HOST);
            headers.remove(X_FORWARDED_PROTO);
        }
    }

    /// Returns whether the peer that sent the request is a trusted proxy.
    pub(crate) fn is_trusted_peer(&self, request: &HttpRequest) -> bool {
        let peer = request.peer_addr();
        peer.is_some_and(|peer| self.trusts(peer.ip().to_canonical()))
    }

    /// Returns the client IP: the right-most address that is not a trusted proxy's. Clients can invent
    /// everything to the left of it, or of an entry that is not an address.
    pub(crate) fn source(&self, peer: IpAddr, headers: &HeaderMap) -> ClientIp {
        let peer = peer.to_canonical();
        let addresses = self.addresses(peer, headers);
        addresses.last().copied().unwrap_or(peer).into()
    }

    /// Returns the addresses that a request has passed through: that of the client first, then those of trusted proxies, the
    /// peer's last. It is empty if the request has no peer address.
    pub(crate) fn chain(&self, request: &HttpRequest) -> Vec<IpAddr> {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        let addresses = peer.map(|peer| self.addresses(peer, request.headers()));
        let mut addresses = addresses.unwrap_or_default();
        addresses.reverse();
        addresses
    }

    /// Returns the peer's address, then those that trusted proxies report, up to the client's.
    fn addresses(&self, peer: IpAddr, headers: &HeaderMap) -> Vec<IpAddr> {
        let mut addresses = vec![peer];
        let mut source = peer;
        let mut hops = self.hops(headers).into_iter().rev();
        while self.trusts(source) {
            match hops.next() {
                Some(Some(address)) => source = address,
                Some(None) | None => break,
            }
            addresses.push(source);
        }
        addresses
    }

    /// Returns whether an address is in a network of trusted proxies.
    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    /// Returns the addresses that the header lists, with `None` for each entry that is not an address.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let name: HeaderName = match self.header {
            ProxyHeader::XForwardedFor => X_FORWARDED_FOR,
            ProxyHeader::Forwarded => FORWARDED,
        };
        let lines = headers
            .get_all(name)
            .map(|line| line.to_str().unwrap_or("?"));
        lines
            .flat_map(|line| line.split(','))
            .map(|hop| match self.header {
                ProxyHeader::XForwardedFor => address(hop),
                ProxyHeader::Forwarded => forwarded_for(hop),
            })
            .collect()
    }
}

/// Returns the address in the parameter `for` of an element of `Forwarded` (RFC 7239). Returns `None` if there
/// is no address.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    address(named.next()?.1)
}

/// Parses an IP address with or without port, brackets and quotes. Returns `None` for any other text.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn source(trusted: &[&str], header: ProxyHeader, peer: &str, lines: &[&str]) -> String {
        let trusted: Vec<_> = trusted
            .iter()
            .map(|text| Network::try_from((*text).to_owned()).unwrap())
            .collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let proxies = TrustedProxies::new(&trusted, header);
        proxies.source(peer.parse().unwrap(), &headers).host()
    }

    #[test]
    fn the_right_most_address_that_is_not_trusted_counts() {
        let forwarded = |lines: &[&str]| {
            let trusted = ["127.0.0.1", "10.0.0.0/8"];
            source(&trusted, ProxyHeader::XForwardedFor, "127.0.0.1", lines)
        };
        for (lines, expected) in [
            (&[][..], "127.0.0.1"),
            (&["x-forwarded-for: 192.0.2.1"], "192.0.2.1"),
            (&["x-forwarded-for: 203.0.113.9, 192.0.2.1"], "192.0.2.1"),
            (
                &["x-forwarded-for: 203.0.113.9,192.0.2.1 , 10.1.2.3"],
                "192.0.2.1",
            ),
            (
                &[
                    "x-forwarded-for: 203.0.113.9",
                    "x-forwarded-for: 192.0.2.1:4711",
                ],
                "192.0.2.1",
            ),
            (&["x-forwarded-for: ::ffff:192.0.2.1"], "192.0.2.1"),
            (
                &["x-forwarded-for: [2001:db8::1]:80, 10.0.0.1"],
                "2001:db8::/64",
            ),
            (&["x-forwarded-for: 10.0.0.1, 10.0.0.2"], "10.0.0.1"),
            (
                &["x-forwarded-for: 192.0.2.1, unknown, 10.0.0.2"],
                "10.0.0.2",
            ),
            (&["x-forwarded-for: "], "127.0.0.1"),
            (&["forwarded: for=192.0.2.1"], "127.0.0.1"),
        ] {
            assert_eq!(forwarded(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_where_it_is_what_proxies_write() {
        let forwarded = |line: &str| {
            let header = ProxyHeader::Forwarded;
            source(
                &["::1"],
                header,
                "::1",
                &["x-forwarded-for: 203.0.113.9", line],
            )
        };
        for (line, expected) in [
            ("forwarded: for=192.0.2.1;proto=https", "192.0.2.1"),
            (
                "forwarded: for=203.0.113.8, by=x;FOR=\"192.0.2.1:80\"",
                "192.0.2.1",
            ),
            (
                "forwarded: for=\"[2001:db8::1]:80\", for=\"[::1]\"",
                "2001:db8::/64",
            ),
            ("forwarded: for=192.0.2.1, for=_hidden", "::/64"),
        ] {
            assert_eq!(forwarded(line), expected, "{line}");
        }
    }

    #[test]
    fn nobody_is_trusted_unless_it_is_said() {
        let lines = ["x-forwarded-for: 203.0.113.9"];
        let header = ProxyHeader::XForwardedFor;
        assert_eq!(source(&[], header, "127.0.0.1", &lines), "127.0.0.1");
        let others = source(&["10.0.0.0/8"], header, "192.0.2.1", &lines);
        assert_eq!(others, "192.0.2.1");
    }
}
