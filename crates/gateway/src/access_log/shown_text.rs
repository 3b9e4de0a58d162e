//! The parts of requests that are logged: short, and without parameters.

use actix_web::http::{Method, Uri};

/// The maximum length in characters of a text that clients choose. The rest is cut off.
const LONGEST_TEXT: usize = 200;

/// The maximum length in characters of a path.
const LONGEST_PATH: usize = 500;

/// Name of methods that are not shown.
const OTHER: &str = "other";

/// Returns the first [`LONGEST_TEXT`] characters of a text.
pub(crate) fn beginning(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

/// Returns the name of a method, or [`OTHER`] for a name that no method has: a client may have sent anything in
/// its place.
pub(crate) fn method(method: &Method) -> &str {
    const LONGEST: usize = 20;
    let name = method.as_str();
    let is_name = |c: char| c.is_ascii_uppercase() || c == '-';
    if name.len() <= LONGEST && name.chars().all(is_name) {
        name
    } else {
        OTHER
    }
}

/// Returns a path up to its first parameter. A client that encodes too much sends its query as part of the path.
pub(crate) fn path(path: &str) -> String {
    let end = (0..path.len()).find(|at| begins_parameter(&path.as_bytes()[*at..]));
    let plain = &path[..end.unwrap_or(path.len())];
    plain.chars().take(LONGEST_PATH).collect()
}

/// Returns whether a text begins with a character that separates a path from parameters, or parameters from each
/// other, in any encoding.
fn begins_parameter(text: &[u8]) -> bool {
    matches!(
        text,
        [b'?' | b';' | b'#' | b'&' | b'=', ..]
            // The encoded percent sign begins what was encoded twice.
            | [b'%', b'2', b'3' | b'5' | b'6', ..]
            | [b'%', b'3', b'b' | b'B' | b'd' | b'D' | b'f' | b'F', ..]
    )
}

/// Returns a referrer without user, password and parameters. Returns `None` if it is not a URL or a path.
pub(super) fn referrer(text: &str) -> Option<String> {
    let url: Uri = text.parse().ok()?;
    let shown = path(url.path());
    let Some(host) = url.host() else {
        return shown.starts_with('/').then_some(shown);
    };
    let scheme = url.scheme_str()?;
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    Some(format!("{scheme}://{}{port}{shown}", beginning(host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_ends_before_its_first_parameter_in_any_encoding() {
        for (received, shown) in [
            ("/v2/projects/7", "/v2/projects/7"),
            ("/a%20b/..//%2F%zz%", "/a%20b/..//%2F%zz%"),
            ("/päth/ü", "/päth/ü"),
            ("*", "*"),
            ("", ""),
            ("/login?password=x", "/login"),
            ("/login%3fpassword=x", "/login"),
            ("/login%3Fpassword%3Dx", "/login"),
            ("/login%253Fpassword%253Dx", "/login"),
            ("/login&password=x", "/login"),
            ("/login%26password", "/login"),
            ("/login%23x", "/login"),
            ("/login%3bjsessionid%3dx", "/login"),
            ("/a;jsessionid=x/b", "/a"),
            ("/password=x", "/password"),
        ] {
            assert_eq!(path(received), shown, "{received}");
        }
        assert_eq!(
            path(&format!("/{}", "ü".repeat(10_000))).chars().count(),
            500
        );
    }

    #[test]
    fn a_referrer_is_shown_without_user_and_query() {
        for (received, shown) in [
            (
                "https://shop.example/cart?token=x",
                Some("https://shop.example/cart"),
            ),
            (
                "https://u:p@shop.example:8443/a;b=c#d",
                Some("https://shop.example:8443/a"),
            ),
            ("https://shop.example", Some("https://shop.example/")),
            ("/cart?token=x", Some("/cart")),
            ("token=x", None),
            ("shop.example:80", None),
            ("not a URL", None),
            ("", None),
        ] {
            assert_eq!(referrer(received).as_deref(), shown, "{received}");
        }
    }

    #[test]
    fn what_is_no_method_is_not_shown() {
        for (received, shown) in [
            ("POST", "POST"),
            ("PROPFIND", "PROPFIND"),
            ("VERSION-CONTROL", "VERSION-CONTROL"),
            ("get", OTHER),
            ("Kq7Password", OTHER),
            ("AAAAAAAAAAAAAAAAAAAAA", OTHER),
        ] {
            assert_eq!(
                method(&Method::from_bytes(received.as_bytes()).unwrap()),
                shown
            );
        }
    }
}
