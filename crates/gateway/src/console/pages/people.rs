//! People: a list of users with a search.

use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::UserState;
use isogloss_core::directory::{UserFilter, UserRecord, UserSearch};
use maud::{Markup, html};

use super::{PAGE, cut_to_page, list_or_reason};
use crate::admin::cursors::{format_search_cursor, parse_search_cursor};
use crate::admin::users::state_name;
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::layout;
use crate::console::markup::{
    badge, choice, filter_field, filters, next_page, shown, shown_if_any, table, timestamp_or,
};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;

const PATH: &str = ConsolePage::People.path();

/// The fields of the filter.
const FIELDS: [&str; 5] = ["search", "organisation", "authority", "state", "login"];

/// Shows a page of users who match the search.
///
/// # Errors
/// The key lacks the scope, or the directory is unreachable.
pub(in crate::console) async fn list(
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::People).await?;
    let fields = Fields::of_query(&request);
    let list = list_or_reason(listed(&visitor, &fields).await)?;
    let content = html! {
        (filters(PATH, &filter_fields(&fields)))
        div #list { (list) }
    };
    Ok(layout::page(
        &visitor,
        ConsolePage::People,
        "People",
        &content,
    ))
}

async fn listed(visitor: &Visitor, fields: &Fields) -> Result<Markup, ConsoleError> {
    let filter = filter(visitor, fields).await?;
    let (users, next) = match fields.text("search") {
        Some(prefix) => search(visitor, prefix, filter, fields.get("after")).await?,
        None => all(visitor, &filter, fields.get("after")).await?,
    };
    let next = next.map(|after| fields.url(PATH, &FIELDS, &[("after", &after)]));
    Ok(html! {
        @if users.is_empty() {
            // The other filters may leave out all users of a page.
            p.empty { @if next.is_some() { "There is no such user on this page." } @else { "There is no such user." } }
        } @else {
            (table("Users", &HEADINGS, &users.iter().map(row).collect::<Vec<_>>()))
        }
        (next_page(next.as_deref()))
    })
}

/// Users, and the place after which the next page begins.
type UserPage = (Vec<UserRecord>, Option<String>);

/// Returns a page of the users who match the filter, by their numbers.
///
/// # Errors
/// The place is invalid, or the directory is unreachable.
async fn all(
    visitor: &Visitor,
    filter: &UserFilter,
    after: Option<&str>,
) -> Result<UserPage, ConsoleError> {
    let after = match after {
        None => i64::MIN,
        Some(text) => text
            .parse()
            .map_err(|_| ConsoleError::malformed("after is not a number."))?,
    };
    let limit = u32::try_from(PAGE + 1).unwrap_or(u32::MAX);
    let mut users = visitor.directory().users(filter, after, limit).await?;
    let has_more = cut_to_page(&mut users);
    let last = users.last().filter(|_| has_more);
    let next = last.map(|last| last.number.to_string());
    Ok((users, next))
}

/// Returns a page of the users of whom a name or the number begins with `prefix`.
///
/// # Errors
/// The place is invalid, or the directory is unreachable.
async fn search(
    visitor: &Visitor,
    prefix: String,
    filter: UserFilter,
    after: Option<&str>,
) -> Result<UserPage, ConsoleError> {
    let after = after.map(|text| {
        let expected = "after is not the place of a user.";
        parse_search_cursor(text).ok_or_else(|| ConsoleError::malformed(expected))
    });
    let search = UserSearch {
        prefix,
        filter,
        after: after.transpose()?,
        limit: u32::try_from(PAGE).unwrap_or(u32::MAX),
    };
    let found = visitor.directory().find_users(&search).await?;
    let next = found.next.as_ref().map(format_search_cursor);
    Ok((found.users, next))
}

const HEADINGS: [&str; 7] = [
    "User name",
    "Name",
    "E-mail",
    "Organisation",
    "State",
    "Authority",
    "Last login",
];

/// Returns the path of the page of a user.
pub(super) fn person_path(id: uuid::Uuid) -> String {
    format!("{PATH}/{id}")
}

/// Returns the state of a user as a coloured word.
pub(super) fn state(state: UserState) -> Markup {
    let kind = match state {
        UserState::Active => "good",
        UserState::Disabled => "bad",
    };
    badge(kind, state_name(state))
}

fn row(user: &UserRecord) -> Markup {
    let name = format!("{} {}", user.first_name, user.last_name);
    let authority = user.link.as_ref().map(|link| link.authority.as_str());
    html! {
        tr {
            td { a href=(person_path(user.id)) { (shown(&user.user_name)) } }
            td { (shown(name.trim())) }
            td { (shown_if_any(user.email.as_deref())) }
            td { (shown(&user.organisation.name)) }
            td { (state(user.state)) }
            td { (shown(authority.unwrap_or("local"))) }
            td { (timestamp_or(user.last_login_at, "never")) }
        }
    }
}

/// Returns the filter of the query.
///
/// # Errors
/// The state or the organisation does not exist, or the directory is unreachable.
async fn filter(visitor: &Visitor, fields: &Fields) -> Result<UserFilter, ConsoleError> {
    let organisation = match fields.get("organisation") {
        None => None,
        Some(name) => Some(visitor.service.organisation(name).await?.id),
    };
    let state = match fields.get("state") {
        None => None,
        Some("active") => Some(UserState::Active),
        Some("disabled") => Some(UserState::Disabled),
        Some(_) => return Err(ConsoleError::malformed("There is no such state.")),
    };
    Ok(UserFilter {
        organisation,
        state,
        authority: fields.text("authority"),
        never_logged_in: fields.get("login") == Some("never"),
        ..UserFilter::default()
    })
}

fn filter_fields(fields: &Fields) -> Markup {
    let value = |name| fields.get(name).unwrap_or_default();
    let states = [("", "Any"), ("active", "Active"), ("disabled", "Disabled")];
    let logins = [("", "Any"), ("never", "Never logged in")];
    html! {
        (filter_field("search", "Beginning of a name, e-mail or number", value("search")))
        (filter_field("organisation", "Organisation", value("organisation")))
        (filter_field("authority", "Authority", value("authority")))
        (choice("state", "State", value("state"), &states))
        (choice("login", "Logins", value("login"), &logins))
    }
}
