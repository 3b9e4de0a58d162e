//! The path of a call as the client sent it: how the router reads it, and whether other servers may read it differently.

/// Returns the path as the router compares it: characters decoded but `/`, `%` and `+`, slashes merged, and without a slash
/// at its end.
pub(crate) fn routed_path(path: &str) -> String {
    let mut routed = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let decoded = escape(rest).filter(|byte| !b"/%+".contains(byte));
        let byte = decoded.unwrap_or(*first);
        rest = if decoded.is_some() { &rest[3..] } else { after };
        if decoded.is_some() || byte != b'/' || routed.last() != Some(&b'/') {
            routed.push(byte);
        }
    }
    if routed.len() > 1 && routed.last() == Some(&b'/') {
        routed.pop();
    }
    String::from_utf8_lossy(&routed).into_owned()
}

/// Returns whether every server reads the path as the same one. Paths with empty, `.` or `..` segments, with `;` or
/// `\`, or with escapes of characters that have a meaning in paths, are read differently by some servers.
pub(crate) fn is_unambiguous(path: &str) -> bool {
    let segments = path.strip_prefix('/').unwrap_or(path).split('/');
    let last = segments.clone().count();
    let plain = segments.enumerate().all(|(index, segment)| {
        let is_end = index + 1 == last;
        !matches!(segment, "." | "..") && (!segment.is_empty() || is_end)
    });
    let bytes = path.as_bytes();
    let mut escapes = (0..bytes.len()).filter(|index| bytes[*index] == b'%');
    plain
        && !path.contains([';', '\\'])
        && escapes.all(|index| escape(&bytes[index..]).is_some_and(is_harmless))
}

/// Returns whether an escaped byte means the same to every server: letters, digits, a space, and what UTF-8 consists of.
fn is_harmless(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_alphanumeric() || !matches!(byte, 0..0x80 | 0xc0 | 0xc1)
}

/// Returns the byte that an escape at the start of a text stands for, or `None` if there is none.
fn escape(text: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    match text {
        [b'%', high, low, ..] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_compared_as_the_router_compares_it() {
        for (path, expected) in [
            ("/web/a", "/web/a"),
            ("//web///a/", "/web/a"),
            ("/w%65b", "/web"),
            ("/a%2Fb%2f%25", "/a%2Fb%2f%25"),
            ("/", "/"),
            ("/%", "/%"),
            ("/%4", "/%4"),
        ] {
            assert_eq!(routed_path(path), expected);
        }
    }

    #[test]
    fn paths_that_servers_read_differently_are_ambiguous() {
        for path in [
            "/a/../b",
            "/a/./b",
            "/..",
            "/a/%2e%2e/b",
            "/a/%2E./b",
            "/a%2fb",
            "/a%2Fb",
            "/a;b",
            "/a/..;/b",
            "/a%3bb",
            "//a",
            "/a//b",
            "/a\\b",
            "/a%5cb",
            "/a%252fb",
            "/a%00",
            "/a%0d",
            "/%c0%ae",
            "/%",
            "/%zz",
        ] {
            assert!(!is_unambiguous(path), "{path}");
        }
        for path in ["/a", "/a/", "/", "/a%20b", "/a/%C3%A4", "/a.b/..c", "/%41"] {
            assert!(is_unambiguous(path), "{path}");
        }
    }
}
