//! The origins from which browsers may call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::{Origin, Url};

/// Which origins a browser may call from: `["*"]` for any, else `https://host[:port]` each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub enum Origins {
    /// Any origin. Calls of pages carry no cookies, so no user's session is at risk.
    Any,
    /// These origins, as browsers spell them.
    Listed(Vec<String>),
}

impl Origins {
    /// Returns true if pages of no origin may call.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Listed(listed) if listed.is_empty())
    }

    /// Returns true if pages of this origin, as a browser sends it, may call.
    pub fn allows(&self, origin: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(listed) => listed
                .iter()
                .any(|listed| listed.as_bytes().eq_ignore_ascii_case(origin)),
        }
    }
}

impl Default for Origins {
    /// Returns the empty list, which allows no origin.
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl TryFrom<Vec<String>> for Origins {
    type Error = &'static str;

    fn try_from(names: Vec<String>) -> Result<Self, Self::Error> {
        if names == ["*"] {
            return Ok(Self::Any);
        }
        let listed: Option<_> = names.iter().map(|name| normalize_origin(name)).collect();
        listed
            .map(Self::Listed)
            .ok_or("expected [\"*\"] or origins like https://host[:port]")
    }
}

impl From<Origins> for Vec<String> {
    fn from(origins: Origins) -> Self {
        match origins {
            Origins::Any => vec!["*".to_owned()],
            Origins::Listed(listed) => listed,
        }
    }
}

/// Returns an origin as browsers spell it. `None` if the text is not an origin, or has a path, a query or a user name.
fn normalize_origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = text.split_once("://")?.1;
    if bare.contains(['/', '?', '#', '@']) {
        return None;
    }
    match url.origin() {
        Origin::Tuple(..) => Some(url.origin().ascii_serialization()),
        // Pages in an application or an extension: `capacitor://localhost`.
        Origin::Opaque(_) => {
            let host = url.host_str().filter(|host| !host.is_empty())?;
            let port = url.port().map(|port| format!(":{port}"));
            Some(format!(
                "{}://{host}{}",
                url.scheme(),
                port.unwrap_or_default()
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(names: &[&str]) -> Result<Origins, &'static str> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        names.try_into()
    }

    #[test]
    fn a_star_is_any_and_alone() {
        assert_eq!(parse(&["*"]), Ok(Origins::Any));
        assert!(parse(&["*", "https://a.example"]).is_err());
    }

    #[test]
    fn origins_are_spelt_as_browsers_spell_them() {
        let origins = parse(&["HTTPS://App.Example:443", "http://localhost:3000"]).unwrap();
        assert_eq!(
            Vec::from(origins.clone()),
            ["https://app.example", "http://localhost:3000"]
        );
        for named in ["https://app.example", "HTTPS://APP.EXAMPLE"] {
            assert!(origins.allows(named.as_bytes()), "{named}");
        }
        for other in ["https://app.example.org", "http://app.example", "null", ""] {
            assert!(!origins.allows(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn pages_in_applications_have_origins_of_their_own_schemes() {
        let origins = parse(&["capacitor://localhost", "chrome-extension://abcdef"]).unwrap();
        assert!(origins.allows(b"capacitor://localhost"));
        assert!(!origins.allows(b"capacitor://localhost:1"));
    }

    #[test]
    fn without_a_list_no_origin_may_call() {
        assert_eq!(Origins::default(), parse(&[]).unwrap());
        assert!(!Origins::default().allows(b"https://app.example"));
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in [
            "",
            "app.example",
            "https://app.example/",
            "https://app.example/path",
            "https://user@app.example",
            "https://app.example?q",
            "file:///tmp",
            "file://",
            "javascript:alert(1)",
            "null",
        ] {
            assert!(parse(&[text]).is_err(), "{text}");
        }
    }
}
