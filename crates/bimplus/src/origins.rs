//! The origins from which browsers may call.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::{Origin, Url};

/// Which origins a browser may call from: `["*"]` for any, else `https://host[:port]` each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub enum Origins {
    /// Any. No answer depends on a cookie, so nobody's session is at stake.
    Any,
    /// These, as browsers spell them.
    Listed(Vec<String>),
}

impl Origins {
    /// The listed origin that a browser names; `None` for all others.
    pub(crate) fn listed(&self, named: &[u8]) -> Option<&str> {
        match self {
            Self::Any => None,
            Self::Listed(listed) => listed
                .iter()
                .map(String::as_str)
                .find(|listed| listed.as_bytes().eq_ignore_ascii_case(named)),
        }
    }
}

impl TryFrom<Vec<String>> for Origins {
    type Error = &'static str;

    fn try_from(names: Vec<String>) -> Result<Self, Self::Error> {
        if names == ["*"] {
            return Ok(Self::Any);
        }
        let listed: Option<_> = names.iter().map(|name| origin(name)).collect();
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

/// The origin as browsers spell it, if the text is one and no more.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = text.split_once("://")?.1;
    match url.origin() {
        Origin::Tuple(..) if !bare.contains(['/', '?', '#', '@']) => {
            Some(url.origin().ascii_serialization())
        }
        Origin::Tuple(..) | Origin::Opaque(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &[&str]) -> Result<Origins, &'static str> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        names.try_into()
    }

    #[test]
    fn a_star_is_any_and_alone() {
        assert_eq!(read(&["*"]), Ok(Origins::Any));
        assert!(read(&["*", "https://a.example"]).is_err());
    }

    #[test]
    fn origins_are_spelt_as_browsers_spell_them() {
        let origins = read(&["HTTPS://App.Example:443", "http://localhost:3000"]).unwrap();
        assert_eq!(
            Vec::from(origins.clone()),
            ["https://app.example", "http://localhost:3000"]
        );
        let app = b"https://app.example";
        assert_eq!(origins.listed(app), Some("https://app.example"));
        for other in ["https://app.example.org", "http://app.example", "null", ""] {
            assert_eq!(origins.listed(other.as_bytes()), None, "{other}");
        }
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
            "null",
        ] {
            assert!(read(&[text]).is_err(), "{text}");
        }
    }
}
