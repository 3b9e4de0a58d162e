//! The frame of all pages: head, navigation, and the headers of responses.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, ContentType, HeaderName, HeaderValue, REFERRER_POLICY,
};
use isogloss_core::Key;
use maud::{DOCTYPE, Markup, html};

use super::assets::{HTMX, ICON, SCRIPT, STYLE};
use super::markup::shown;
use super::navigation::ConsolePage;
use super::visitor::Visitor;

/// The content security policy: files and forms of this host alone, nothing inline, no frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Headers in addition to those of all responses. Without a referrer, browsers would send forms with `Origin: null`.
const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// The settings of htmx: no inline style, no evaluated text, requests to this host alone, no copies of pages in the
/// browser's storage. A response that is no success replaces the content of the page.
const HTMX_SETTINGS: &str = r##"{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,"historyCacheSize":0,"refreshOnHistoryMiss":true,"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},{"code":"...","swap":true,"error":true,"target":"#main","select":"#main","swapOverride":"outerHTML"}]}"##;

/// The head of the pages of a visitor. It is kept with the request, so that pages that say why something was refused have
/// it, too.
#[derive(Clone)]
pub(super) struct Bar(Markup);

impl Bar {
    /// Returns the head with the pages that the key may see. `page` is marked as the current one.
    pub(super) fn new(key: &Key, form_token: &Markup, page: Option<ConsolePage>) -> Self {
        Self(html! {
            header.bar {
                span.brand { "Isogloss" }
                nav aria-label="Console" {
                    ul {
                        @for one in ConsolePage::of_key(key) {
                            li { a href=(one.path()) aria-current=[(Some(one) == page).then_some("page")] { (one.name()) } }
                        }
                    }
                }
                form.sign-out method="post" action="/console/sign-out" {
                    (form_token)
                    span.who { "Key " (shown(&key.label)) }
                    button type="submit" { "Sign out" }
                }
            }
        })
    }

    /// Returns the head of pages that need no session.
    pub(super) fn without_visitor() -> Self {
        Self(html! { header.bar { span.brand { "Isogloss" } } })
    }
}

/// Returns a page with the navigation of the visitor. `page` is marked in it.
pub(super) fn page(
    visitor: &Visitor,
    page: ConsolePage,
    title: &str,
    content: &Markup,
) -> HttpResponse {
    let bar = Bar::new(visitor.key(), &visitor.form_token(), Some(page));
    with_bar(StatusCode::OK, title, &bar, content)
}

/// Returns a page without navigation.
pub(super) fn bare(status: StatusCode, title: &str, content: &Markup) -> HttpResponse {
    with_bar(status, title, &Bar::without_visitor(), content)
}

/// Returns a page with this head.
pub(super) fn with_bar(
    status: StatusCode,
    title: &str,
    Bar(bar): &Bar,
    content: &Markup,
) -> HttpResponse {
    let mut response = HttpResponse::build(status)
        .content_type(ContentType::html())
        .body(document(title, bar, content).0);
    add_headers(&mut response);
    response
}

/// Adds the headers of pages to a response, for responses that are no pages.
pub(super) fn add_headers(response: &mut HttpResponse) {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn document(title: &str, bar: &Markup, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                meta name="htmx-config" content=(HTMX_SETTINGS);
                title { (shortened(title)) " – Isogloss console" }
                link rel="stylesheet" href=(STYLE.path);
                link rel="icon" type="image/svg+xml" href=(ICON.path);
                script src=(SCRIPT.path) defer {}
                script src=(HTMX.path) defer {}
            }
            body {
                a.skip href="#main" { "To the content" }
                (bar)
                main #main tabindex="-1" {
                    h1 { (shown(title)) }
                    (content)
                }
            }
        }
    }
}

/// Returns the beginning of a title: names may be long.
fn shortened(title: &str) -> String {
    isogloss_core::printable(title).chars().take(80).collect()
}
