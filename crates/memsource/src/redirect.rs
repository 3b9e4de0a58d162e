//! Where `authByToken` may send a browser.

use url::{Position, Url};

use crate::Settings;
use crate::error::Error;

/// A placeholder for this host.
const THIS_HOST: &str = "http://here.invalid/";

/// Returns the target of a redirect: a path of this host, or an address at one of the allowed origins. `None` as `url`
/// means the default target. The address is parsed as a browser parses it, so that a disguised address is refused.
/// `Err` for any other target.
pub(crate) fn resolve_target(settings: &Settings, url: Option<&str>) -> Result<String, Error> {
    let url = url.unwrap_or(&settings.default_redirect);
    // A browser ignores these characters.
    if url.chars().any(char::is_control) {
        return Err(Error::Redirect);
    }
    let here = Url::parse(THIS_HOST).map_err(|_| Error::Redirect)?;
    let target = here.join(url).map_err(|_| Error::Redirect)?;
    if target.origin() == here.origin() && url.starts_with('/') {
        let path = &target[Position::BeforePath..];
        // After `..` segments are removed, two slashes can be left, which a browser takes for another host.
        return if path.starts_with("//") {
            Err(Error::Redirect)
        } else {
            Ok(path.to_owned())
        };
    }
    let allowed = settings.redirect_origins.iter().any(|origin| {
        Url::parse(origin)
            .is_ok_and(|origin| origin.origin().is_tuple() && origin.origin() == target.origin())
    });
    if allowed && target.username().is_empty() && target.password().is_none() {
        Ok(target.into())
    } else {
        Err(Error::Redirect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(url: &str) -> Option<String> {
        let settings = Settings {
            redirect_origins: vec!["https://app.example.com".to_owned()],
            ..Settings::default()
        };
        resolve_target(&settings, Some(url)).ok()
    }

    #[test]
    fn paths_and_allowed_origins_are_followed() {
        for url in [
            "/",
            "/web/project/show/1?x=a%20b#top",
            "https://app.example.com/x?y=z",
        ] {
            assert_eq!(go(url).as_deref(), Some(url));
        }
        assert_eq!(resolve_target(&Settings::default(), None).unwrap(), "/web");
    }

    #[test]
    fn disguised_strangers_are_refused() {
        for url in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/.//evil.example",
            "/./\\evil.example",
            "/web/..//evil.example",
            "/web/%2e%2E//evil.example",
            "/web\r\nX-Injected: 1",
            "https:evil.example",
            "http://app.example.com/",
            "https://app.example.com:8443/",
            "https://app.example.com.evil.example/",
            "https://app.example.com@evil.example/",
            "https://user@app.example.com/",
            "javascript:alert(1)",
            "data:text/html,x",
            "web",
            "http://here.invalid/x",
            "",
        ] {
            assert_eq!(go(url), None, "{url}");
        }
    }
}
