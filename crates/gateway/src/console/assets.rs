//! The files of the pages: a style sheet, htmx, and a script that writes times and numbers as the browser's language does.
//!
//! Their names have a hash of their contents, so browsers keep them for ever.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::Path;
use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

use super::error::ConsoleError;

/// Digits of the hash in a name.
const HASH_DIGITS: usize = 16;

/// A file.
pub(super) struct Asset {
    /// The file name, with the hash.
    name: String,
    /// The path of the file.
    pub(super) path: String,
    media_type: &'static str,
    contents: &'static str,
}

/// The style sheet.
pub(super) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let contents = include_str!("assets/console.css");
    Asset::new("console", "css", "text/css; charset=utf-8", contents)
});

/// The icon.
pub(super) static ICON: LazyLock<Asset> = LazyLock::new(|| {
    let contents = include_str!("assets/icon.svg");
    Asset::new("icon", "svg", "image/svg+xml", contents)
});

/// The script that writes times and numbers.
pub(super) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::script("console", include_str!("assets/console.js")));

/// htmx, as published.
pub(super) static HTMX: LazyLock<Asset> =
    LazyLock::new(|| Asset::script("htmx", include_str!("assets/htmx-2.0.11.min.js")));

impl Asset {
    fn new(stem: &str, extension: &str, media_type: &'static str, contents: &'static str) -> Self {
        let hash = HEXLOWER.encode(digest(&SHA256, contents.as_bytes()).as_ref());
        let hash: String = hash.chars().take(HASH_DIGITS).collect();
        let name = format!("{stem}-{hash}.{extension}");
        Self {
            path: format!("{}/assets/{name}", super::PATH),
            name,
            media_type,
            contents,
        }
    }

    fn script(stem: &str, contents: &'static str) -> Self {
        Self::new(stem, "js", "text/javascript; charset=utf-8", contents)
    }
}

/// Returns the file with that name.
///
/// # Errors
/// There is no such file.
pub(super) async fn show(name: Path<String>) -> Result<HttpResponse, ConsoleError> {
    let files = [&STYLE, &SCRIPT, &HTMX, &ICON];
    let file = files.into_iter().find(|file| file.name == *name);
    let file = file.ok_or(ConsoleError::NoPage)?;
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, file.media_type))
        .insert_header((CACHE_CONTROL, forever))
        .body(file.contents))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 of `dist/htmx.min.js` in the package `htmx.org` of that version at npm.
    const HTMX_2_0_11: &str = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717";

    #[test]
    fn htmx_is_the_file_that_was_published() {
        let hash = HEXLOWER.encode(digest(&SHA256, HTMX.contents.as_bytes()).as_ref());
        assert_eq!(hash, HTMX_2_0_11);
        assert!(HTMX.contents.contains("version:\"2.0.11\""));
        assert!(include_str!("assets/htmx-LICENSE").starts_with("Zero-Clause BSD"));
    }

    #[test]
    fn no_file_loads_anything_or_evaluates_texts() {
        for file in [&STYLE, &SCRIPT] {
            for loading in ["url(", "@import", "eval(", "innerHTML", "fetch(", "http"] {
                assert!(!file.contents.contains(loading), "{}: {loading}", file.name);
            }
        }
    }
}
