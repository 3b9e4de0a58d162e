//! Refusals: requests that were refused, with their true causes, and what to do.

use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::Scope;
use isogloss_core::audit::moment;
use maud::{Markup, html};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::people::person_path;
use super::{PAGE, list_or_reason};
use crate::admin::refusals::{RefusalQuery, RefusalView};
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::layout;
use crate::console::markup::{
    choice, filter_field, filters, next_page, sentences, shown, shown_if_any, table, timestamp_text,
};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::dialects;

const PATH: &str = ConsolePage::Refusals.path();

/// The fields of the filter.
const FIELDS: [&str; 5] = ["user", "source", "dialect", "request_id", "since"];

/// Shows refused requests, the latest first.
///
/// # Errors
/// The key lacks the scope, or a store is unreachable.
pub(in crate::console) async fn list(
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::Refusals).await?;
    let fields = Fields::of_query(&request);
    let list = list_or_reason(listed(&visitor, &fields).await)?;
    let value = |name| fields.get(name).unwrap_or_default();
    let mut names = vec![("", "Any")];
    names.extend(dialects::names().into_iter().map(|name| (name, name)));
    let fields_of_filter = html! {
        (filter_field("user", "User, or a name that was tried", value("user")))
        (filter_field("source", "Address", value("source")))
        (choice("dialect", "Dialect", value("dialect"), &names))
        (filter_field("request_id", "Identifier of the request", value("request_id")))
        (filter_field("since", "Since: an age such as 2h, or a time", value("since")))
    };
    let content = html! {
        (filters(PATH, &fields_of_filter))
        div #list { (list) }
    };
    let page = ConsolePage::Refusals;
    Ok(layout::page(&visitor, page, page.name(), &content))
}

async fn listed(visitor: &Visitor, fields: &Fields) -> Result<Markup, ConsoleError> {
    let request_id = fields.get("request_id").map(|text| {
        let expected = "The identifier of a request is that of its header X-Request-Id.";
        Uuid::try_parse(text).map_err(|_| ConsoleError::malformed(expected))
    });
    let source = fields.get("source").map(|text| {
        let expected = "An address is one such as 192.0.2.7 or 2001:db8::7.";
        text.parse().map_err(|_| ConsoleError::malformed(expected))
    });
    let query = RefusalQuery {
        request_id: request_id.transpose()?,
        user: None,
        source: source.transpose()?,
        dialect: fields.text("dialect"),
        since: fields.text("since"),
        until: fields.text("until"),
        limit: Some(u32::try_from(PAGE + 1).unwrap_or(u32::MAX)),
    };
    let mut refusals = find(visitor, &query, fields.get("user")).await?;
    let until = cut_by_time(&mut refusals);
    let next = until.map(|until| fields.url(PATH, &FIELDS, &[("until", &until)]));
    Ok(html! {
        @if refusals.is_empty() { (none(visitor)) } @else {
            (refusal_table(visitor, "Refused requests, the latest first", &refusals, Of::Any))
        }
        (next_page(next.as_deref()))
    })
}

/// Returns the refused requests of a query, and of that user or name.
///
/// # Errors
/// A time is invalid, or the directory is unreachable.
pub(super) async fn find(
    visitor: &Visitor,
    query: &RefusalQuery,
    user: Option<&str>,
) -> Result<Vec<RefusalView>, ConsoleError> {
    let who = match user {
        None => None,
        Some(name) => Some(visitor.auth.event_subject(name).await?),
    };
    let directory = visitor.directory().as_ref();
    Ok(query.find(directory, who, visitor.auth.now()).await?)
}

/// Cuts a list that may have one request more than a page. Returns the time before which those of the next page are, if
/// there is one. Requests of one millisecond are not divided between pages, unless they alone fill one.
fn cut_by_time(refusals: &mut Vec<RefusalView>) -> Option<String> {
    let first_left_out = refusals.get(PAGE)?.time.clone();
    let at = OffsetDateTime::parse(&first_left_out, &Rfc3339).ok()?;
    refusals.truncate(PAGE);
    let is_divided = |refusal: &RefusalView| refusal.time == first_left_out;
    if refusals.iter().all(is_divided) {
        return Some(first_left_out);
    }
    refusals.retain(|refusal| !is_divided(refusal));
    Some(moment(at.saturating_add(Duration::MILLISECOND)))
}

/// Returns what is shown in place of an empty list.
pub(super) fn none(visitor: &Visitor) -> Markup {
    html! {
        @if visitor.console.settings.has_refusals { p.empty { "There are none." } } @else {
            p.empty { "Refused requests are not recorded: set refusals.enabled = true." }
        }
    }
}

/// Whose requests a table has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Those of one user, who is not named again.
    One,
    /// Those of any user.
    Any,
}

/// Returns a table of refused requests with their explanations.
pub(super) fn refusal_table(
    visitor: &Visitor,
    caption: &str,
    refusals: &[RefusalView],
    of: Of,
) -> Markup {
    let mut headings = vec!["Time", "Dialect", "Cause", "Explanation", "Advice"];
    if of == Of::Any {
        headings.push("User");
    }
    headings.extend(["Address", "Client"]);
    let rows: Vec<_> = refusals.iter().map(|one| row(visitor, one, of)).collect();
    table(caption, &headings, &rows)
}

fn row(visitor: &Visitor, refusal: &RefusalView, of: Of) -> Markup {
    let client = [
        refusal.client.as_deref(),
        refusal.application.as_deref(),
        refusal.key.as_deref(),
        refusal.user_agent.as_deref(),
    ];
    let client: Vec<_> = client.into_iter().flatten().collect();
    html! {
        tr {
            td { (timestamp_text(&refusal.time)) }
            td { (shown_if_any(refusal.dialect.as_deref())) }
            td { (shown(&refusal.cause)) }
            td { (sentences(&refusal.explanation)) }
            td { @if let Some(advice) = &refusal.advice { (sentences(advice)) } }
            @if of == Of::Any { td { (user(visitor, refusal)) } }
            td { (shown_if_any(refusal.source.as_deref())) }
            td { (shown(&client.join(", "))) }
        }
    }
}

/// Returns the user of a request, with a link if the key may see it; otherwise the name that was typed, if it is kept.
fn user(visitor: &Visitor, refusal: &RefusalView) -> Markup {
    let name = refusal.user.as_deref().or(refusal.typed_name.as_deref());
    match (refusal.user_id, name) {
        (Some(id), Some(name)) if visitor.may(Scope::UsersRead) => {
            html! { a href=(person_path(id)) { (shown(name)) } }
        }
        (_, name) => shown_if_any(name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Returns a request for each of these milliseconds of one second, in that order.
    fn refused(milliseconds: impl Iterator<Item = usize>) -> Vec<RefusalView> {
        let view = |milliseconds| {
            let view = json!({
                "time": format!("2026-11-22T09:00:00.{milliseconds:03}Z"), "method": "POST", "route": "/login",
                "status": 401, "cause": "wrong_password", "explanation": "The password is wrong.",
            });
            serde_json::from_value(view).unwrap()
        };
        milliseconds.map(view).collect()
    }

    #[test]
    fn requests_of_one_millisecond_are_on_one_page() {
        let mut few = refused((0..PAGE).rev());
        assert_eq!(cut_by_time(&mut few), None);
        assert_eq!(few.len(), PAGE);

        let mut several = refused((0..=PAGE).rev());
        let until = cut_by_time(&mut several).unwrap();
        assert_eq!(
            (several.len(), until.as_str()),
            (PAGE, "2026-11-22T09:00:00.001Z")
        );

        let mut divided = refused((3..PAGE).rev().chain([2, 2, 2, 2]));
        let until = cut_by_time(&mut divided).unwrap();
        assert_eq!(
            (divided.len(), until.as_str()),
            (PAGE - 3, "2026-11-22T09:00:00.003Z")
        );

        let mut alike = refused(std::iter::repeat_n(7, PAGE + 1));
        let until = cut_by_time(&mut alike).unwrap();
        assert_eq!(
            (alike.len(), until.as_str()),
            (PAGE, "2026-11-22T09:00:00.007Z")
        );
    }
}
