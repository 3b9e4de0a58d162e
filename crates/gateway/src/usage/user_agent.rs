//! The family of a `User-Agent`: product and major version, nothing more.

/// Maximum length of a product's name, in bytes.
const LONGEST: usize = 40;
const NONE: &str = "(none)";
const UNREADABLE: &str = "(unreadable)";

/// Browsers by their mark. Browsers also send the marks of others: the first mark of this list that is found
/// decides.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("MSIE ", "MSIE"),
    ("Trident/", "Trident"),
    ("AppleWebKit/", "AppleWebKit"),
];

/// Returns the family of a header value, such as `okhttp/4`, `Firefox/133` or `(none)`.
pub(crate) fn family(value: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(value) else {
        return UNREADABLE.to_owned();
    };
    let text = text.trim();
    if text.is_empty() {
        return NONE.to_owned();
    }
    if text.starts_with("Mozilla/") {
        let found = BROWSERS.iter().find_map(|(mark, name)| {
            let (_, version) = text.split_once(mark)?;
            Some(named(name, version))
        });
        return found.unwrap_or_else(|| "Mozilla".to_owned());
    }
    let product = text.split([' ', '(', ';', ',']).next().unwrap_or_default();
    let (name, version) = product.split_once('/').unwrap_or((product, ""));
    let name = name.trim_end_matches('/');
    if is_name(name) {
        named(name, version)
    } else {
        UNREADABLE.to_owned()
    }
}

/// Returns name and major version of a product, or only the name if the version is no version.
fn named(name: &str, version: &str) -> String {
    let digits = version.find(|c: char| !c.is_ascii_digit());
    let major = &version[..digits.unwrap_or(version.len())];
    // A longer number is not a version, but for example a build date.
    if major.is_empty() || major.len() > 5 {
        name.to_owned()
    } else {
        format!("{name}/{major}")
    }
}

/// Returns whether `name` can be a product's name, rather than a token or other data in the wrong header.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+!#".contains(c);
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let hex = name.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    !name.is_empty()
        && name.len() <= LONGEST
        && name.chars().all(plain)
        && digits <= 8
        && !(hex && name.len() > 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_product_and_major_version() {
        for (value, expected) in [
            ("", "(none)"),
            ("  ", "(none)"),
            ("okhttp/4.12.0", "okhttp/4"),
            ("Java/1.8.0_292", "Java/1"),
            ("RestSharp/105.2.3.0", "RestSharp/105"),
            ("python-requests/2.31.0", "python-requests/2"),
            (
                "Apache-HttpClient/4.5.13 (Java/11.0.2)",
                "Apache-HttpClient/4",
            ),
            ("MyApp", "MyApp"),
            ("MyApp (build 7; admin@example.com)", "MyApp"),
            ("MyApp/20261126120000", "MyApp"),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
                "Firefox/133",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0",
                "Edge/131",
            ),
            (
                "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                "Safari/18",
            ),
            ("Mozilla/4.0 (compatible; MSIE 8.0)", "MSIE/8"),
            ("Mozilla/5.0", "Mozilla"),
        ] {
            assert_eq!(family(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_no_family() {
        let long = "x".repeat(41);
        for value in [
            "35eb2b5e94b54d5aafa6b6a7b6e8de01",
            "b37b60d4-0f1b-4158-99c4-847254786517",
            "a@b.example",
            "päss",
            "<script>",
            "/1.0",
            &long,
        ] {
            assert_eq!(family(value.as_bytes()), "(unreadable)", "{value}");
        }
        assert_eq!(family(&[0xff, 0xfe]), "(unreadable)");
    }
}
