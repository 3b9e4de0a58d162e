//! Addresses of pages, as settings hold them.

use url::Url;

/// Returns true if a text is the address of a page: `http://` or `https://`, a host, and optionally a path, a query and
/// a fragment.
///
/// Stricter than the parser of [`Url`], which follows browsers and also accepts `http:host`, `http:/host`, blanks and
/// line ends.
pub fn is_web_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let has_host = !rest.starts_with(['/', '?', '#', ':', '@']);
    let is_clean = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\');
    is_web && has_host && is_clean && Url::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_of_the_web_and_a_host_are_an_address() {
        for text in [
            "http://localhost",
            "HTTPS://app.example:8443/a?b=c#d",
            "https://[2001:db8::1]:8443/",
            "https://ä.example/é",
        ] {
            assert!(is_web_address(text), "{text}");
        }
    }

    #[test]
    fn what_only_a_browser_would_read_is_none() {
        for text in [
            "",
            "httpfoo:bar",
            "httpfoo://bar",
            "http:bar",
            "http:/bar",
            "http:///bar",
            "http://",
            "http://?a",
            "http://[::1",
            "http://h:99999",
            "https://a b",
            "https://a\\b",
            " https://a",
            "https://a\n",
            "javascript:alert(1)",
            "ftp://a",
        ] {
            assert!(!is_web_address(text), "{text}");
        }
    }
}
