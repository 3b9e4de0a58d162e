//! The fields of forms and queries.

use actix_web::HttpRequest;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// The fields of a form or a query, in the order in which they were sent. It has no `Debug`: a field may be a key.
pub(super) struct Fields(Vec<(String, Zeroizing<String>)>);

impl Fields {
    /// Parses fields. Everything can be parsed: what has no `=` is a name without a value.
    pub(super) fn parse(encoded: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(encoded);
        let pairs = pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into()));
        Self(pairs.collect())
    }

    /// Returns the fields of the query of a request.
    pub(super) fn of_query(request: &HttpRequest) -> Self {
        Self::parse(request.query_string().as_bytes())
    }

    /// Returns the value of a field without white space around it; `None` if it is missing or blank.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().filter(|(known, _)| known == name);
        named
            .map(|(_, value)| value.trim())
            .find(|value| !value.is_empty())
    }

    /// Returns the values of a field without white space around them and without blank ones.
    pub(super) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        let named = self.0.iter().filter(move |(known, _)| known == name);
        let values = named.map(|(_, value)| value.trim());
        values.filter(|value| !value.is_empty())
    }

    /// Returns the value of a field that nothing may show; empty if it is missing.
    pub(super) fn secret(&self, name: &str) -> SecretString {
        self.get(name).unwrap_or_default().into()
    }

    /// Returns the value of a field that nothing may show, with white space around it; `None` if it is missing or empty.
    pub(super) fn secret_as_sent(&self, name: &str) -> Option<SecretString> {
        let mut named = self.0.iter().filter(|(known, _)| known == name);
        let value = named.find(|(_, value)| !value.is_empty());
        value.map(|(_, value)| value.as_str().into())
    }

    /// Returns the value of a field as text of its own; `None` if it is missing or blank.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// Returns the path with a query of the fields of these names and of `place`, where a page begins.
    pub(super) fn url(&self, path: &str, names: &[&str], place: &[(&str, &str)]) -> String {
        let known = names.iter();
        let known = known.map(|name| (*name, self.get(name).unwrap_or_default()));
        let all: Vec<_> = known.chain(place.iter().copied()).collect();
        format!("{path}{}", query(&all))
    }
}

/// Returns a query with these fields, or nothing if all are empty, such as `?search=a%26b`.
pub(super) fn query(fields: &[(&str, &str)]) -> String {
    let fields = fields.iter().filter(|(_, value)| !value.is_empty());
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(fields).finish();
    if query.is_empty() {
        return query;
    }
    format!("?{query}")
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn fields_are_read_and_written() {
        let fields = Fields::parse(b"a=+x%26y+&b=&c&scope=one&scope=two&%ff=%ff");
        assert_eq!(fields.get("a"), Some("x&y"));
        let sent = fields.secret_as_sent("a").unwrap();
        assert_eq!(sent.expose_secret(), " x&y ");
        assert!(fields.secret_as_sent("b").is_none());
        assert_eq!(fields.get("b"), None);
        assert_eq!(fields.get("c"), None);
        assert_eq!(fields.all("scope").collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(query(&[("a", "x&y"), ("b", "")]), "?a=x%26y");
        assert_eq!(query(&[("a", "")]), "");
    }
}
