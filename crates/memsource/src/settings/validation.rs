//! Deserializers that check the texts of the settings.

use isogloss_dialect::is_web_address;
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};
use url::{Position, Url};

/// Parses a path of this host, or the address of a page. `Err` for any other text.
pub(super) fn redirect<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_path = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\');
    if is_path || is_web_address(&text) {
        return Ok(text);
    }
    Err(D::Error::custom(
        "expected a path like /web, or an address of one of redirect_origins",
    ))
}

/// Parses origins of pages, each `https://host[:port]` with a slash at the end or without. `Err` if one is not an
/// origin.
pub(super) fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    if texts.iter().all(|text| is_origin(text)) {
        return Ok(texts);
    }
    Err(D::Error::custom(
        "expected origins like https://host[:port]",
    ))
}

/// Returns true if a text is an address without user name, path, query and fragment.
fn is_origin(text: &str) -> bool {
    let is_bare = |url: Url| {
        let has_user = !url.username().is_empty() || url.password().is_some();
        !has_user && matches!(&url[Position::BeforePath..], "" | "/")
    };
    is_web_address(text) && Url::parse(text).is_ok_and(is_bare)
}

/// Parses the name of a cookie, which is a token by RFC 6265, section 4.1.1. `Err` if it is empty or has other
/// characters.
pub(super) fn cookie_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if !text.is_empty() && text.chars().all(is_of_token) {
        return Ok(text);
    }
    Err(D::Error::custom(
        "expected a name of letters, digits, '-', '_' and '.'",
    ))
}

#[cfg(test)]
mod tests {
    use crate::Settings;

    #[test]
    fn texts_that_would_fail_at_a_request_are_refused() {
        for text in [
            "default_redirect = ''",
            "default_redirect = 'web'",
            "default_redirect = '//evil.example'",
            "default_redirect = 'javascript:x'",
            "redirect_origins = ['app.example']",
            "redirect_origins = ['https://app.example/path']",
            "redirect_origins = ['https://u@app.example']",
            "redirect_origins = ['*']",
            "cookie_name = ''",
            "cookie_name = 'a b'",
            "cookie_name = 'a=b'",
            "cookie_name = 'é'",
        ] {
            let error = toml::from_str::<Settings>(text).unwrap_err();
            assert!(error.message().starts_with("expected "), "{text}: {error}");
        }
        for text in [
            "default_redirect = '/web/project?x=y'",
            "redirect_origins = ['https://app.example', 'http://[::1]:8080/']",
            "cookie_name = '__Host-session'",
        ] {
            toml::from_str::<Settings>(text).unwrap();
        }
    }
}
