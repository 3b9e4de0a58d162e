//! The paths of the metadata of an issuer.

use url::Url;

const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";
const KEYS: &str = "/.well-known/jwks.json";

/// The paths at which the host of an issuer has its metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MetadataPaths {
    /// The metadata of RFC 8414, section 3.1: the path of the issuer comes last.
    pub(crate) authorization_server: String,
    /// The metadata of `OpenID` Connect Discovery: below the issuer, and where RFC 8414, section 5, has it.
    pub(crate) openid: Vec<String>,
    /// The public keys, below the issuer.
    pub(crate) keys: String,
}

impl MetadataPaths {
    /// Returns the paths of an issuer. `None` if the text is no issuer of RFC 8414, section 2 (the address of a host,
    /// without a query or a fragment), or if its path has escapes or an empty segment.
    pub(crate) fn below(issuer: &str) -> Option<Self> {
        let url = Url::parse(issuer).ok()?;
        let is_web = matches!(url.scheme(), "https" | "http") && url.has_host();
        let has_user = !url.username().is_empty() || url.password().is_some();
        if !is_web || has_user || url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        let path = url.path().strip_suffix('/').unwrap_or(url.path());
        (path.is_empty() || is_plain(path)).then(|| Self::within(path))
    }

    /// Returns the paths of an issuer without a path of its own.
    pub(crate) fn at_root() -> Self {
        Self::within("")
    }

    fn within(path: &str) -> Self {
        let mut openid = vec![format!("{path}{OPENID}")];
        if !path.is_empty() {
            openid.push(format!("{OPENID}{path}"));
        }
        Self {
            authorization_server: format!("{AUTHORIZATION_SERVER}{path}"),
            openid,
            keys: format!("{path}{KEYS}"),
        }
    }

    /// Returns all paths.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        let openid = self.openid.iter();
        let all = [&self.authorization_server, &self.keys].into_iter();
        all.chain(openid).map(String::as_str)
    }
}

/// Returns whether each segment of the path consists of letters, digits, `-`, `.`, `_` and `~`: the router reads others as
/// patterns or decodes them.
pub(super) fn is_plain(path: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    path.strip_prefix('/').is_some_and(|path| {
        path.split('/')
            .all(|segment| !segment.is_empty() && segment.chars().all(allowed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_an_issuer_comes_last_for_rfc_8414_and_first_for_openid() {
        for issuer in ["https://login.example.com", "https://login.example.com/"] {
            assert_eq!(MetadataPaths::below(issuer), Some(MetadataPaths::at_root()));
        }
        for issuer in [
            "https://example.com/a/login",
            "https://example.com/a/login/",
        ] {
            let paths = MetadataPaths::below(issuer).unwrap();
            let all: Vec<_> = paths.all().collect();
            assert_eq!(
                all,
                [
                    "/.well-known/oauth-authorization-server/a/login",
                    "/a/login/.well-known/jwks.json",
                    "/a/login/.well-known/openid-configuration",
                    "/.well-known/openid-configuration/a/login",
                ]
            );
        }
    }

    #[test]
    fn other_texts_are_no_issuers() {
        for text in [
            "",
            "isogloss",
            "urn:isogloss",
            "ftp://example.com",
            "https://user@example.com",
            "https://example.com?a",
            "https://example.com#a",
            "https://example.com//",
            "https://example.com/a//b",
            "https://example.com/{a}",
            "https://example.com/%41",
        ] {
            assert_eq!(MetadataPaths::below(text), None, "{text}");
        }
    }
}
