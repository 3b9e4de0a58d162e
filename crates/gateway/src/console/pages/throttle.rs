//! Throttle: counted attempts and their locks, and how they are cleared.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::Scope;
use isogloss_core::throttle::ThrottledBucket;
use maud::{Markup, html};
use time::OffsetDateTime;

use super::{PAGE, list_or_reason};
use crate::admin::throttle::{ThrottleQuery, format_place};
use crate::console::act::{Act, Done, question};
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::layout;
use crate::console::markup::{
    badge, filter_field, filters, next_page, number, shown_if_any, table, timestamp, timestamp_or,
};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;

const PATH: &str = ConsolePage::Throttle.path();
const CLEAR_PATH: &str = "/console/throttle/clear";

const CLEAR: (&str, &str, &str) = (
    "Clear",
    "These counted attempts and their lock are cleared.",
    "Clear it",
);
const CLEAR_ALL: (&str, &str, &str) = (
    "Clear all that match",
    "The counted attempts that match the user and the address are cleared, with their locks.",
    "Clear them",
);

/// Shows counted attempts, running locks first.
///
/// # Errors
/// The key lacks the scope, or a store is unreachable.
pub(in crate::console) async fn list(
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::Throttle).await?;
    let fields = Fields::of_query(&request);
    let value = |name| fields.get(name).unwrap_or_default();
    let list = list_or_reason(listed(&visitor, &fields).await)?;
    let fields_of_filter = html! {
        (filter_field("user", "Login name", value("user")))
        (filter_field("source", "Address", value("source")))
    };
    let content = html! {
        (Done::notice(&fields))
        (filters(PATH, &fields_of_filter))
        div #list { (list) }
    };
    Ok(layout::page(
        &visitor,
        ConsolePage::Throttle,
        "Throttle",
        &content,
    ))
}

async fn listed(visitor: &Visitor, fields: &Fields) -> Result<Markup, ConsoleError> {
    let query = ThrottleQuery {
        user: fields.text("user"),
        source: source(fields)?,
        limit: Some(PAGE),
        after: fields.text("after"),
        ..ThrottleQuery::default()
    };
    let query = query.to_list().map_err(ConsoleError::malformed)?;
    let page = visitor.auth.throttle_page(&query).await?;
    let next = page.next.map(format_place);
    let next = next.map(|after| fields.url(PATH, &["user", "source"], &[("after", &after)]));
    let value = |name| fields.get(name).unwrap_or_default();
    let (filter, buckets) = (query.filter, page.buckets);
    let may_clear = visitor.may(Scope::ThrottleWrite);
    let is_filtered = filter.name.is_some() || filter.source.is_some();
    let act = |bucket: &ThrottledBucket| {
        let handle = html! { input type="hidden" name="handle" value=(bucket.bucket.key); };
        question(visitor, CLEAR_PATH, CLEAR, &handle)
    };
    let all = html! {
        input type="hidden" name="user" value=(value("user"));
        input type="hidden" name="source" value=(value("source"));
    };
    Ok(html! {
        @if buckets.is_empty() && next.is_some() {
            p.empty { "There are none on this page." }
        } @else if buckets.is_empty() {
            p.empty { "No attempts are counted." }
        } @else {
            @if may_clear && is_filtered { div.acts { (question(visitor, CLEAR_PATH, CLEAR_ALL, &all)) } }
            (bucket_table(&buckets, visitor.auth.now(), may_clear.then_some(&act)))
        }
        (next_page(next.as_deref()))
    })
}

/// Returns a table of counted attempts, each with what `act` returns for it, if there is one.
pub(super) fn bucket_table(
    buckets: &[ThrottledBucket],
    now: OffsetDateTime,
    act: Option<&dyn Fn(&ThrottledBucket) -> Markup>,
) -> Markup {
    let row = |one: &ThrottledBucket| {
        let is_locked = one.locked_until.is_some_and(|until| now < until);
        html! {
            tr {
                td { (kind(one)) }
                td { (shown_if_any(one.bucket.network.as_deref())) }
                td { @if is_locked { (badge("bad", "locked")) } @else { (badge("plain", "counted")) } }
                td { (timestamp_or(one.locked_until.filter(|_| is_locked), "")) }
                td { (number(one.locks)) }
                td { (timestamp(one.full_at)) }
                td { code { (one.bucket.key) } }
                @if let Some(act) = act { td { (act(one)) } }
            }
        }
    };
    let mut headings = vec![
        "What is counted",
        "Network",
        "State",
        "Locked until",
        "Locks so far",
        "Forgotten at",
        "Handle",
    ];
    if act.is_some() {
        headings.push("Act");
    }
    let rows: Vec<_> = buckets.iter().map(row).collect();
    table("Counted attempts, running locks first", &headings, &rows)
}

/// Returns the name of what is counted.
fn kind(bucket: &ThrottledBucket) -> String {
    bucket.bucket.kind.name().replace('_', " ")
}

fn source(fields: &Fields) -> Result<Option<IpAddr>, ConsoleError> {
    let source = fields.get("source").map(str::parse).transpose();
    source.map_err(|_| ConsoleError::malformed("The address is none, such as 192.0.2.7."))
}

/// Clears the counted attempts of a handle, or those that match a user and an address.
///
/// # Errors
/// The key lacks the scope, the form names nothing, or a store is unreachable.
pub(in crate::console) async fn clear(act: Act) -> Result<HttpResponse, ConsoleError> {
    let visitor = &act.visitor;
    visitor.require(Scope::ThrottleWrite).await?;
    let fields = &act.fields;
    let query = ThrottleQuery {
        user: fields.text("user"),
        source: source(fields)?,
        handle: fields.text("handle"),
        ..ThrottleQuery::default()
    };
    if !query.is_explicit() {
        return Err(ConsoleError::malformed("Name what is cleared."));
    }
    let filter = query.to_clear().map_err(ConsoleError::malformed)?;
    visitor.run(visitor.auth.clear_throttle(&filter)).await?;
    Ok(Done::Forgiven.then(PATH))
}
