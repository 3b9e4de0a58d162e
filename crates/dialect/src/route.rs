//! Patterns of actix-web's router that match words in any letter case.

/// Whether letter case matters in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathCase {
    /// `/web` and `/Web` are two paths.
    Sensitive,
    /// `/web` and `/Web` are one path.
    Insensitive,
}

/// Returns the router pattern that matches `path` in any letter case: `/{_mount0:(?i:web)}` for `/web`.
///
/// `name` must differ between two patterns that are combined to one route, for example a mount path and a path below
/// it.
pub fn case_insensitive(path: &str, name: &str) -> String {
    let segments = path.trim_start_matches('/').split('/').enumerate();
    segments.fold(String::new(), |pattern, (index, segment)| {
        format!("{pattern}/{{_{name}{index}:(?i:{segment})}}")
    })
}

/// Returns a router pattern as a path that people can read: each segment of [`case_insensitive`] becomes the word that
/// it matches, and other segments stay as they are.
pub fn readable(pattern: &str) -> String {
    let segments = pattern.split('/').map(|segment| {
        let inner = segment
            .strip_prefix("{_")
            .and_then(|inner| inner.split_once(":(?i:"));
        inner
            .and_then(|(_, inner)| inner.strip_suffix(")}"))
            .unwrap_or(segment)
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_insensitive_segments_are_readable_again() {
        let mount = case_insensitive("/api/v1", "mount");
        assert_eq!(mount, "/{_mount0:(?i:api)}/{_mount1:(?i:v1)}");
        let route = mount + &case_insensitive("Authentication/Login", "");
        assert_eq!(readable(&route), "/api/v1/Authentication/Login");
    }

    #[test]
    fn other_segments_stay_as_they_are() {
        for pattern in [
            "/v2/authorize",
            "/v2/{company}/authorize",
            "/{_rest:.*}",
            "",
            "/",
        ] {
            assert_eq!(readable(pattern), pattern);
        }
    }
}
