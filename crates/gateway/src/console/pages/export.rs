//! Files to download: events as JSON lines, users as CSV.

use std::sync::Arc;

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::{Stream, unfold};
use isogloss_core::StoreError;
use isogloss_core::audit::{EventSearch, FoundEvent, moment};
use isogloss_core::directory::{Directory, PasswordKind, UserFilter, UserRecord};

use super::audit_search::event_search;
use crate::admin::users::state_name;
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::layout::add_headers;
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;

/// The maximum number of events of a file.
const EVENTS: usize = 100_000;
/// How many users or events are read at a time.
const STEP: u32 = 500;

const COLUMNS: &str = "user_name,email,organisation,state,authority,password,last_login_at\n";

/// Returns the events that match the query, the latest first, as lines of JSON, page by page as the response is read.
///
/// # Errors
/// The key lacks the scope, the query is invalid, events are not in the database, or a store is unreachable. If the
/// directory becomes unreachable later, the response ends without its end.
pub(in crate::console) async fn events(
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::Audit).await?;
    if !visitor.console.settings.has_audit_table {
        let reason = "Events are not in the database. Set audit.database = true.";
        return Err(ConsoleError::conflict(reason));
    }
    let fields = Fields::of_query(&request);
    let search = event_search(&visitor, &fields, STEP).await?;
    let first = visitor.directory().search_events(&search).await?;
    let stream = event_lines(visitor.directory().clone(), search, first);
    let mut response = HttpResponse::Ok()
        .content_type("application/jsonl; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"events.jsonl\""))
        .streaming(stream);
    add_headers(&mut response);
    Ok(response)
}

/// Returns the lines of the events of a search, of which `first` are the first ones.
fn event_lines(
    directory: Arc<dyn Directory>,
    search: EventSearch,
    first: Vec<FoundEvent>,
) -> impl Stream<Item = Result<Bytes, StoreError>> + use<> {
    let start = (0, Ok(first));
    unfold((directory, search, Some(start)), |state| async move {
        let (directory, mut search, page) = state;
        let (written, found) = page?;
        let found = match found {
            Ok(found) => found,
            Err(error) => return Some((Err(error), (directory, search, None))),
        };
        let last = found.last()?.cursor;
        let lines = found.iter().flat_map(|event| [event.line.as_str(), "\n"]);
        let text: String = lines.collect();
        let written = written + found.len();
        let is_full = found.len() == usize::try_from(STEP).unwrap_or(usize::MAX);
        let mut next = None;
        if is_full && written < EVENTS {
            search.after = Some(last);
            next = Some((written, directory.search_events(&search).await));
        }
        Some((Ok(Bytes::from(text)), (directory, search, next)))
    })
}

/// Returns users as CSV, page by page as the response is read: those of the query's `which`, which is `never` (no login is
/// recorded), `foreign` (a hash of another system is left), or all.
///
/// # Errors
/// The key lacks the scope. If the directory becomes unreachable, the response ends without its end.
pub(in crate::console) async fn users(
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::WayOver).await?;
    let which = Fields::of_query(&request).text("which").unwrap_or_default();
    let stream = user_lines(visitor.directory().clone(), &which);
    let mut response = HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"users.csv\""))
        .streaming(stream);
    add_headers(&mut response);
    Ok(response)
}

fn user_lines(
    directory: Arc<dyn Directory>,
    which: &str,
) -> impl Stream<Item = Result<Bytes, StoreError>> + use<> {
    let filter = UserFilter {
        never_logged_in: which == "never",
        ..UserFilter::default()
    };
    let only_foreign = which == "foreign";
    let start = (Some(i64::MIN), COLUMNS.to_owned());
    unfold((directory, filter, start), move |state| async move {
        let (directory, filter, (after, mut text)) = state;
        let after = after?;
        let users = match directory.users(&filter, after, STEP).await {
            Ok(users) => users,
            Err(error) => return Some((Err(error), (directory, filter, (None, text)))),
        };
        let is_full = users.len() == usize::try_from(STEP).unwrap_or(usize::MAX);
        let next = users.last().filter(|_| is_full).map(|last| last.number);
        for user in &users {
            if !only_foreign || user.password == PasswordKind::Foreign {
                text.push_str(&line(user));
            }
        }
        let rest = (directory, filter, (next, String::new()));
        Some((Ok(Bytes::from(text)), rest))
    })
}

fn line(user: &UserRecord) -> String {
    let authority = user.link.as_ref().map(|link| link.authority.as_str());
    let last_login = user.last_login_at.map(moment).unwrap_or_default();
    let cells = [
        user.user_name.as_str(),
        user.email.as_deref().unwrap_or_default(),
        &user.organisation.name,
        state_name(user.state),
        authority.unwrap_or_default(),
        user.password.name(),
        &last_login,
    ];
    let cells: Vec<_> = cells.into_iter().map(cell).collect();
    cells.join(",") + "\n"
}

/// Returns a text as a cell of CSV. What a spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let prefix = if is_formula { "'" } else { "" };
    format!("\"{prefix}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(cell("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
        assert_eq!(cell("@x"), "\"'@x\"");
        assert_eq!(cell(""), "\"\"");
    }
}
