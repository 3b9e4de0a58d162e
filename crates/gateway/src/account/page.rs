//! The frame of all pages: HTML without scripts, its style, and its headers.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType};
use data_encoding::BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};

const STYLE: &str = include_str!("texts/style.css");

/// The content security policy of the pages: this style, pictures within a page, and forms that are sent to this host.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64.encode(digest(&SHA256, STYLE.as_bytes()).as_ref());
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
});

/// A page.
pub(super) struct Page<'a> {
    pub(super) status: StatusCode,
    pub(super) title: &'a str,
    /// The name of the service; empty if it is not known.
    pub(super) issuer: &'a str,
    pub(super) content: Markup,
}

impl Page<'_> {
    /// Returns the response with this page. The title of a page with an error says so first, for screen readers. All other
    /// security headers are those of every response.
    pub(super) fn response(self) -> HttpResponse {
        let Self {
            status,
            title,
            issuer,
            content,
        } = self;
        let prefix = if status.is_success() { "" } else { "Error: " };
        let suffix = if issuer.is_empty() { "" } else { " – " };
        let document = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    title { (prefix) (title) (suffix) (issuer) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    main {
                        @if !issuer.is_empty() { p.issuer { (issuer) } }
                        h1 { (title) }
                        (content)
                    }
                }
            }
        };
        HttpResponse::build(status)
            .content_type(ContentType::html())
            .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
            .body(document.into_string())
    }
}
