//! Who uses a dialect, by name, and which dialects a person uses.

use isogloss_core::directory::UserRecord;
use isogloss_core::usage::{NamedUse, UseFilter, UseOf};
use maud::{Markup, html};

use super::people::person_path;
use super::{PAGE, cut_to_page};
use crate::console::error::ConsoleError;
use crate::console::fields::{Fields, query};
use crate::console::markup::{next_page, shown, shown_if_any, table, timestamp, timestamp_or};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::usage::users::{format_cursor, parse_cursor};

/// Returns the section of the users of a dialect, the last use first.
///
/// # Errors
/// The place in the query is invalid, or the directory is unreachable.
pub(super) async fn users_of_dialect(
    visitor: &Visitor,
    dialect: &str,
    fields: &Fields,
) -> Result<Markup, ConsoleError> {
    let after = fields.get("after").map(|text| {
        let expected = "after is not the place of a user.";
        parse_cursor(text).ok_or_else(|| ConsoleError::malformed(expected))
    });
    let filter = UseFilter {
        of: UseOf::Dialect(dialect.to_owned()),
        since: None,
        after: after.transpose()?,
        limit: u32::try_from(PAGE + 1).unwrap_or(u32::MAX),
    };
    let mut uses = visitor.directory().user_uses(&filter).await?;
    let has_more = cut_to_page(&mut uses);
    let last = uses.last().filter(|_| has_more);
    let path = format!("{}/{dialect}", ConsolePage::Dialects.path());
    let next = last.map(|last| format!("{path}{}", query(&[("after", &format_cursor(last))])));
    let row = |one: &NamedUse| {
        let name = format!("{} {}", one.first_name, one.last_name);
        html! {
            tr {
                td { a href=(person_path(one.user)) { (shown(&one.user_name)) } }
                td { (shown(name.trim())) }
                td { (shown(&one.organisation)) }
                (cells(one))
            }
        }
    };
    let headings = [
        "User name",
        "Name",
        "Organisation",
        "Last use",
        "Last login",
        "Address",
        "Device",
        "Program",
    ];
    let rows: Vec<_> = uses.iter().map(row).collect();
    Ok(html! {
        h2 { "Users" }
        div #list {
            @if rows.is_empty() { p.empty { "No use by a user is recorded." } } @else {
                (table("Users, the last use first", &headings, &rows))
            }
            (next_page(next.as_deref()))
        }
    })
}

/// Returns the section of the dialects that a user uses, the last use first.
///
/// # Errors
/// The directory is unreachable.
pub(super) async fn dialects_of_user(
    visitor: &Visitor,
    user: &UserRecord,
) -> Result<Markup, ConsoleError> {
    let filter = UseFilter {
        of: UseOf::User(user.id),
        since: None,
        after: None,
        limit: u32::try_from(PAGE).unwrap_or(u32::MAX),
    };
    let dialects = visitor.directory().user_uses(&filter).await?;
    let row = |one: &NamedUse| html! { tr { td { (shown(&one.dialect)) } (cells(one)) } };
    let headings = [
        "Dialect",
        "Last use",
        "Last login",
        "Address",
        "Device",
        "Program",
    ];
    let rows: Vec<_> = dialects.iter().map(row).collect();
    Ok(html! {
        h2 { "Use of dialects" }
        @if rows.is_empty() { p.empty { "No use is recorded." } } @else {
            (table("Dialects, the last use first", &headings, &rows))
        }
    })
}

/// Returns the cells that both tables have.
fn cells(one: &NamedUse) -> Markup {
    html! {
        td { (timestamp(one.last_used_at)) }
        td { (timestamp_or(one.last_login_at, "none recorded")) }
        td { (shown_if_any(one.address.as_deref())) }
        td { (shown_if_any(one.client.as_deref())) }
        td { (shown(&one.user_agent)) }
    }
}
