//! Adapts the head of a back end's response to the public name: addresses in `Location` and `Content-Location`, and the
//! domains of cookies.

use actix_web::http::header::{
    CONTENT_LOCATION, HeaderMap, HeaderName, HeaderValue, LOCATION, SET_COOKIE,
};

/// The names that a back end has for itself, and the public one.
pub(super) struct HostNames<'a> {
    /// Hosts with their ports, unless the port is that of the scheme, in lower case.
    pub(super) back_end: &'a [String],
    /// The host that the client named, as the back end got it.
    pub(super) public: String,
}

/// Replaces the back end's own addresses in a response by paths, and removes domains of cookies that do not belong to the
/// public name.
pub(super) fn adapt(headers: &mut HeaderMap, names: &HostNames<'_>) {
    for name in [LOCATION, CONTENT_LOCATION] {
        replace_address(headers, &name, names);
    }
    if headers.contains_key(SET_COOKIE) {
        let cookies: Vec<_> = headers.remove(SET_COOKIE).collect();
        for cookie in cookies {
            headers.append(SET_COOKIE, without_foreign_domain(cookie, names));
        }
    }
}

/// Replaces an absolute address of the back end, or of the public host, by its path: clients resolve it with the scheme and
/// the host that they used.
fn replace_address(headers: &mut HeaderMap, name: &HeaderName, names: &HostNames<'_>) {
    let path = headers
        .get(name)
        .and_then(|value| own_path(value.to_str().ok()?, names));
    if let Some(path) = path.and_then(|path| HeaderValue::try_from(path).ok()) {
        headers.insert(name.clone(), path);
    }
}

/// Returns the path of an address with query and fragment, or `None` if it is no absolute address, or one of another host.
fn own_path(address: &str, names: &HostNames<'_>) -> Option<String> {
    let (scheme, rest) = address.trim().split_once("://")?;
    let default_port = match scheme.to_ascii_lowercase().as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let is_own = names
        .back_end
        .iter()
        .chain([&names.public])
        .any(|own| is_same_host(own, authority, default_port));
    // A path that begins with two slashes would be read as another host.
    let is_safe = !path.starts_with("//") && !path.starts_with("/\\");
    (is_own && is_safe).then(|| match path.as_bytes().first() {
        Some(b'/') => path.to_owned(),
        _ => format!("/{path}"),
    })
}

fn is_same_host(own: &str, authority: &str, default_port: &str) -> bool {
    let without_port = |text: &str| {
        let text = text.to_ascii_lowercase();
        match text.strip_suffix(default_port) {
            Some(host) => host.to_owned(),
            None => text,
        }
    };
    !own.is_empty() && without_port(own) == without_port(authority)
}

/// Returns a cookie without the attribute `Domain` if browsers would refuse it from the public host, or unchanged.
fn without_foreign_domain(cookie: HeaderValue, names: &HostNames<'_>) -> HeaderValue {
    let public = host_of(&names.public);
    let is_foreign = |attribute: &[u8]| {
        let attribute = String::from_utf8_lossy(attribute);
        let Some((name, domain)) = attribute.split_once('=') else {
            return false;
        };
        let domain = domain.trim().trim_start_matches('.').to_ascii_lowercase();
        name.trim().eq_ignore_ascii_case("domain") && !is_in_domain(&public, &domain)
    };
    let attributes: Vec<_> = cookie.as_bytes().split(|byte| *byte == b';').collect();
    let staying: Vec<&[u8]> = attributes
        .iter()
        .enumerate()
        .filter(|(index, attribute)| *index == 0 || !is_foreign(attribute))
        .map(|(_, attribute)| *attribute)
        .collect();
    if staying.len() == attributes.len() {
        return cookie;
    }
    HeaderValue::from_bytes(&staying.join(&b';')).unwrap_or(cookie)
}

/// Returns the host without its port, in lower case.
fn host_of(authority: &str) -> String {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    host.to_ascii_lowercase()
}

fn is_in_domain(host: &str, domain: &str) -> bool {
    let below = host.strip_suffix(domain);
    below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapted(name: HeaderName, value: &str) -> String {
        let names = HostNames {
            back_end: &["10.0.0.7:9000".to_owned(), "app.internal".to_owned()],
            public: "Login.example.com".to_owned(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(name.clone(), HeaderValue::from_str(value).unwrap());
        adapt(&mut headers, &names);
        headers.get(name).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn addresses_of_the_back_end_become_paths() {
        for (address, expected) in [
            ("http://10.0.0.7:9000/web/a?b#c", "/web/a?b#c"),
            ("HTTP://10.0.0.7:9000", "/"),
            ("http://10.0.0.7:9000?x", "/?x"),
            ("http://APP.internal:80/a", "/a"),
            ("https://app.internal/a", "/a"),
            ("http://login.example.com/a", "/a"),
            ("https://login.example.com:443/a", "/a"),
            ("/a", "/a"),
            ("a/b", "a/b"),
            ("http://10.0.0.7/a", "http://10.0.0.7/a"),
            ("https://other.example.com/a", "https://other.example.com/a"),
            ("ftp://app.internal/a", "ftp://app.internal/a"),
            (
                "http://app.internal//evil.example",
                "http://app.internal//evil.example",
            ),
        ] {
            assert_eq!(adapted(LOCATION, address), expected);
            assert_eq!(adapted(CONTENT_LOCATION, address), expected);
        }
    }

    #[test]
    fn cookies_lose_domains_of_other_hosts() {
        for (cookie, expected) in [
            ("a=b; Domain=app.internal; Secure", "a=b; Secure"),
            ("a=b; domain=.internal ;Path=/", "a=b;Path=/"),
            (
                "a=b; Domain=example.com; HttpOnly",
                "a=b; Domain=example.com; HttpOnly",
            ),
            (
                "a=b; Domain=login.example.com",
                "a=b; Domain=login.example.com",
            ),
            ("a=b; Domain=ogin.example.com", "a=b"),
            (
                "Domain=app.internal; Secure; SameSite=None",
                "Domain=app.internal; Secure; SameSite=None",
            ),
        ] {
            assert_eq!(adapted(SET_COOKIE, cookie), expected);
        }
    }
}
