//! Pieces of pages: names that clients and users chose, times, numbers, tables.

use std::fmt::Display;

use isogloss_core::audit::moment;
use isogloss_core::printable;
use maud::{Markup, html};
use time::OffsetDateTime;

/// Returns a text that clients or users may have chosen: its characters that control the output are visible, its direction
/// does not reach beyond it, and the style sheet cuts it, with the whole text as its title.
pub(super) fn shown(text: &str) -> Markup {
    let text = printable(text);
    html! { bdi.text title=(text) { (text) } }
}

/// Returns a text as [`shown`] does, or nothing for `None`.
pub(super) fn shown_if_any(text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { (shown(text)) } }
}

/// Returns a text of one or more sentences, which is not cut. Its characters that control the output are visible.
pub(super) fn sentences(text: &str) -> Markup {
    html! { bdi.sentences { (printable(text)) } }
}

/// Returns a time in UTC, which the script writes as the browser's language does.
pub(super) fn timestamp(at: OffsetDateTime) -> Markup {
    timestamp_text(&moment(at))
}

/// Returns a time that is written in RFC 3339 already, like [`timestamp`].
pub(super) fn timestamp_text(text: &str) -> Markup {
    html! { time datetime=(text) { (text) } }
}

/// Returns a time as [`timestamp`] does, or `otherwise` for `None`.
pub(super) fn timestamp_or(at: Option<OffsetDateTime>, otherwise: &str) -> Markup {
    at.map_or_else(|| html! { (otherwise) }, timestamp)
}

/// Returns a number, which the script writes as the browser's language does.
pub(super) fn number(number: impl Display) -> Markup {
    html! { data.number value=(number) { (number) } }
}

/// Returns a table in a region that scrolls by itself, so that a narrow page does not.
pub(super) fn table(caption: &str, headings: &[&str], rows: &[Markup]) -> Markup {
    html! {
        div.region role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for heading in headings { th scope="col" { (heading) } } } }
                tbody { @for row in rows { (row) } }
            }
        }
    }
}

/// Returns a list of names with their values.
pub(super) fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in facts { div { dt { (name) } dd { (value) } } }
        }
    }
}

/// Returns a word with a colour: `good`, `bad` or `plain`.
pub(super) fn badge(kind: &str, word: &str) -> Markup {
    html! { span class={ "badge " (kind) } { (word) } }
}

/// Returns a text field of a form that filters a list.
pub(super) fn filter_field(name: &str, label: &str, value: &str) -> Markup {
    html! {
        label { span { (label) } input type="search" name=(name) value=(value) maxlength="400" autocomplete="off" spellcheck="false"; }
    }
}

/// Returns a choice of a form, in which `chosen` is selected. The first of a pair is what is sent.
pub(super) fn choice(name: &str, label: &str, chosen: &str, options: &[(&str, &str)]) -> Markup {
    html! {
        label {
            span { (label) }
            select name=(name) {
                @for (value, text) in options { option value=(value) selected[*value == chosen] { (text) } }
            }
        }
    }
}

/// Returns the form that filters the list of a page. It works without scripts; with them, only the list is replaced.
pub(super) fn filters(action: &str, fields: &Markup) -> Markup {
    html! {
        form.filters role="search" method="get" action=(action) hx-get=(action) hx-target="#list" hx-select="#list"
            hx-swap="outerHTML" hx-replace-url="true" hx-trigger="input delay:250ms, submit" {
            (fields)
            button type="submit" { "Show" }
        }
    }
}

/// Returns the link to the next page of a list, if there is one.
pub(super) fn next_page(url: Option<&str>) -> Markup {
    html! {
        @if let Some(url) = url {
            nav.pages aria-label="Pages" {
                a href=(url) hx-get=(url) hx-target="#list" hx-select="#list" hx-swap="outerHTML show:#list:top" hx-push-url="true" { "Next page" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_stand_harmless() {
        let text = shown("<script>alert(1)</script>\u{1b}[2J\u{202e}\"x").into_string();
        assert_eq!(
            text,
            "<bdi class=\"text\" title=\"&lt;script&gt;alert(1)&lt;/script&gt;\\u{1b}[2J\\u{202e}&quot;x\">\
             &lt;script&gt;alert(1)&lt;/script&gt;\\u{1b}[2J\\u{202e}&quot;x</bdi>"
        );
    }
}
