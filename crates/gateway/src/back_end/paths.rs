//! Patterns of paths in the settings `backend_paths` and `public_paths`.

use std::fmt;
use std::str::FromStr;

use actix_web::http::Method;
use thiserror::Error;

/// Paths of a back end, with or without a method.
#[derive(Debug, Clone, Default)]
pub(crate) struct PathPatterns {
    patterns: Vec<PathPattern>,
    ignores_case: bool,
}

/// One path, or a path and all below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathPattern {
    /// `None` stands for any method.
    method: Option<Method>,
    /// Without a slash at its end; empty for all paths.
    path: String,
    is_prefix: bool,
}

/// An entry that is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected [METHOD ]/path or [METHOD ]/path/*, without escapes, in entry {entry}")]
pub(crate) struct InvalidPattern {
    entry: usize,
}

impl PathPatterns {
    /// Parses the entries of a setting. `ignores_case` says whether paths are compared without letter case.
    ///
    /// # Errors
    /// An entry is no pattern. The error has its number.
    pub(crate) fn parse(entries: &[String], ignores_case: bool) -> Result<Self, InvalidPattern> {
        let patterns = entries.iter().enumerate().map(|(index, entry)| {
            let entry_number = index + 1;
            entry.parse().map_err(|()| InvalidPattern {
                entry: entry_number,
            })
        });
        Ok(Self {
            patterns: patterns.collect::<Result<_, _>>()?,
            ignores_case,
        })
    }

    /// Returns the patterns whose paths are `mount` or below it.
    pub(crate) fn inside(&self, mount: &str) -> Self {
        self.filtered(|pattern| pattern.is_within(mount, self.ignores_case))
    }

    /// Returns the patterns whose paths are neither `mount` nor below it.
    pub(crate) fn outside(&self, mount: &str) -> Self {
        self.filtered(|pattern| !pattern.is_within(mount, self.ignores_case))
    }

    /// Returns the patterns in the order of the setting.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &PathPattern> {
        self.patterns.iter()
    }

    /// Returns whether there is no pattern.
    pub(crate) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Returns the length of the longest pattern that matches, or `None` if none does. Exact patterns count as longer than
    /// those of all below a path.
    pub(crate) fn longest_match(&self, method: &Method, path: &str) -> Option<usize> {
        let matching = self
            .iter()
            .filter(|pattern| pattern.matches(method, path, self.ignores_case));
        matching
            .map(|pattern| pattern.path.len() * 2 + usize::from(!pattern.is_prefix))
            .max()
    }

    /// Returns whether one of the patterns matches.
    pub(crate) fn match_any(&self, method: &Method, path: &str) -> bool {
        self.longest_match(method, path).is_some()
    }

    fn filtered(&self, is_wanted: impl Fn(&PathPattern) -> bool) -> Self {
        let patterns = self.iter().filter(|pattern| is_wanted(pattern)).cloned();
        Self {
            patterns: patterns.collect(),
            ignores_case: self.ignores_case,
        }
    }
}

impl PathPattern {
    /// Returns whether the path of the pattern is `mount` or below it.
    pub(crate) fn is_within(&self, mount: &str, ignores_case: bool) -> bool {
        is_at_or_below(&self.path, mount, ignores_case)
    }

    /// Returns whether some call matches both patterns, and neither has a longer path.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let methods = self.method.as_ref().zip(other.method.as_ref());
        is_same(&self.path, &other.path, true)
            && self.is_prefix == other.is_prefix
            && methods.is_none_or(|(one, other)| one == other)
    }

    fn matches(&self, method: &Method, path: &str, ignores_case: bool) -> bool {
        if self.method.as_ref().is_some_and(|known| known != method) {
            return false;
        }
        if self.is_prefix {
            is_at_or_below(path, &self.path, ignores_case)
        } else {
            is_same(path, &self.path, ignores_case)
        }
    }
}

impl FromStr for PathPattern {
    type Err = ();

    /// Parses an entry of the setting. Fails if it is no pattern.
    fn from_str(entry: &str) -> Result<Self, ()> {
        let (method, path) = match entry.split_once(' ') {
            Some((method, path)) => (Some(parse_method(method).ok_or(())?), path),
            None => (None, entry),
        };
        let (path, is_prefix) = match path.strip_suffix("/*") {
            Some(path) => (path, true),
            None => (path, false),
        };
        let is_valid = match path {
            "" => is_prefix,
            "/" => !is_prefix,
            _ => is_plain_path(path),
        };
        is_valid
            .then(|| Self {
                method,
                path: path.to_owned(),
                is_prefix,
            })
            .ok_or(())
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(f, "{method} ")?;
        }
        f.write_str(&self.path)?;
        f.write_str(if self.is_prefix { "/*" } else { "" })
    }
}

fn parse_method(text: &str) -> Option<Method> {
    let is_upper = text
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    is_upper
        .then(|| Method::from_bytes(text.as_bytes()).ok())
        .flatten()
}

/// Returns whether the text is a path without escapes, whose segments are neither empty nor `.` nor `..`.
fn is_plain_path(path: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()+,:@=".contains(c);
    path.strip_prefix('/').is_some_and(|path| {
        path.split('/')
            .all(|segment| !matches!(segment, "" | "." | "..") && segment.chars().all(allowed))
    })
}

fn is_at_or_below(path: &str, above: &str, ignores_case: bool) -> bool {
    let Some(start) = path.get(..above.len()) else {
        return false;
    };
    let rest = &path[above.len()..];
    is_same(start, above, ignores_case) && (rest.is_empty() || rest.starts_with('/'))
}

fn is_same(one: &str, other: &str, ignores_case: bool) -> bool {
    if ignores_case {
        one.eq_ignore_ascii_case(other)
    } else {
        one == other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(entries: &[&str], ignores_case: bool) -> PathPatterns {
        let entries: Vec<_> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        PathPatterns::parse(&entries, ignores_case).unwrap()
    }

    #[test]
    fn a_pattern_is_a_path_or_a_path_and_all_below_it() {
        let patterns = patterns(&["/a", "POST /b", "/c/*"], false);
        for (method, path, expected) in [
            (Method::GET, "/a", true),
            (Method::GET, "/a/b", false),
            (Method::GET, "/A", false),
            (Method::GET, "/b", false),
            (Method::POST, "/b", true),
            (Method::GET, "/c", true),
            (Method::GET, "/c/d/e", true),
            (Method::GET, "/cd", false),
            (Method::GET, "/", false),
        ] {
            assert_eq!(
                patterns.match_any(&method, path),
                expected,
                "{method} {path}"
            );
        }
    }

    #[test]
    fn letter_case_is_ignored_where_the_dialect_ignores_it() {
        assert!(patterns(&["/api/v1/Info"], true).match_any(&Method::GET, "/API/v1/info"));
        assert!(patterns(&["/*"], false).match_any(&Method::GET, "/"));
    }

    #[test]
    fn other_texts_are_no_patterns() {
        for entry in [
            "",
            " ",
            "a",
            "*",
            "//",
            "/a/",
            "/a//b",
            "/a/../b",
            "/a*",
            "/a/*/b",
            "/a%20b",
            "/a;b",
            "/a?b",
            "get /a",
            "GET  /a",
            "GET",
            "/a b",
            "/ä",
            "\u{feff}/a",
        ] {
            let refused = PathPatterns::parse(&[entry.to_owned()], false).unwrap_err();
            assert_eq!(refused, InvalidPattern { entry: 1 }, "{entry}");
        }
    }
}
