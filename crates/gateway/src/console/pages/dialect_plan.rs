//! A change of how a dialect is retired: the lines of the configuration, and whom it would have refused last week.

use isogloss_core::usage::{ClientPage, ClientPattern, OTHER, UNKNOWN};
use maud::{Markup, html};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, Time};
use toml::{Table, Value};

use super::dialects::{client_cells, read_clients};
use crate::console::error::ConsoleError;
use crate::console::fields::{Fields, query};
use crate::console::markup::{choice, number, table, timestamp_text};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::usage::report::ClientUsageView;

/// How far back clients count as those that a change would have refused.
const LOOKED_BACK: Duration = Duration::days(7);

/// How many of them are shown.
const SHOWN: u32 = 200;

/// The changes: what is sent, what is shown.
const PLANS: [(&str, &str); 4] = [
    ("", "Choose a change"),
    ("announce", "Announce the end, in 90 days"),
    (
        "brownout",
        "Refuse all calls on Tuesdays, 10:00 to 10:15 UTC",
    ),
    ("switch-off", "Refuse all calls from now on"),
];

/// The fields that name a client to cut off, as the configuration names them.
const CLIENT_FIELDS: [&str; 4] = ["application", "key", "client", "user_agent"];

/// Returns the form of the changes, and the one that the query names.
///
/// # Errors
/// There is no such change, or the directory is unreachable.
pub(super) async fn plan(
    visitor: &Visitor,
    dialect: &str,
    fields: &Fields,
) -> Result<Markup, ConsoleError> {
    let named = fields.get("plan").unwrap_or_default();
    let path = dialect_path(dialect);
    let preview = match settings(named, fields, visitor.auth.now())? {
        None => None,
        Some(settings) => {
            let refused = refused(visitor, dialect, named, fields).await?;
            Some(preview(dialect, settings, &refused))
        }
    };
    Ok(html! {
        h2 { "Plan a change" }
        form.filters method="get" action=(path) {
            (choice("plan", "Change", named, &PLANS))
            button type="submit" { "Show what it would do" }
        }
        @if let Some(preview) = preview { (preview) }
    })
}

/// Returns the address of the plan that cuts off one client; `None` if the row stands for several clients.
pub(super) fn cut_off_url(dialect: &str, client: &ClientUsageView) -> Option<String> {
    if client.user_agent == UNKNOWN || client.user_agent == OTHER {
        return None;
    }
    let fields = CLIENT_FIELDS.map(|name| (name, field(client, name)));
    let query = query(&[&[("plan", "cut-off")], &fields[..]].concat());
    Some(format!("{}{query}", dialect_path(dialect)))
}

fn dialect_path(dialect: &str) -> String {
    format!("{}/{dialect}", ConsolePage::Dialects.path())
}

/// Returns the field of a client that the configuration names so; empty if it has none.
fn field<'c>(client: &'c ClientUsageView, name: &str) -> &'c str {
    let field = match name {
        "application" => &client.application,
        "key" => &client.key,
        "client" => &client.client,
        _ => return &client.user_agent,
    };
    field.as_deref().unwrap_or_default()
}

/// Returns the settings that a change adds to those of the dialect; `None` if the query names no change.
fn settings(
    named: &str,
    fields: &Fields,
    now: OffsetDateTime,
) -> Result<Option<Table>, ConsoleError> {
    let text = |text: &str| Value::String(text.to_owned());
    let midnight = now.replace_time(Time::MIDNIGHT);
    let time = |at: OffsetDateTime| text(&at.format(&Rfc3339).unwrap_or_default());
    let seconds = now.replace_nanosecond(0).unwrap_or(now);
    let mut settings = Table::new();
    match named {
        "" => return Ok(None),
        "announce" => {
            settings.insert("deprecated_at".to_owned(), time(midnight));
            settings.insert("sunset_at".to_owned(), time(midnight + Duration::days(90)));
        }
        "brownout" => {
            let window = [("every", "tuesday"), ("from", "10:00"), ("until", "10:15")];
            let window = window.map(|(key, value)| (key.to_owned(), text(value)));
            let windows = vec![Value::Table(window.into_iter().collect())];
            settings.insert("brownouts".to_owned(), Value::Array(windows));
        }
        "switch-off" => {
            settings.insert("sunset_at".to_owned(), time(seconds));
            settings.insert("then".to_owned(), text("refuse"));
        }
        "cut-off" => {
            let rule = CLIENT_FIELDS.iter().filter_map(|name| {
                let value = fields.get(name)?;
                Some(((*name).to_owned(), text(value)))
            });
            let rule: Table = rule.collect();
            if rule.is_empty() {
                return Err(ConsoleError::malformed("Name the client."));
            }
            settings.insert("cut_off".to_owned(), Value::Array(vec![Value::Table(rule)]));
        }
        _ => return Err(ConsoleError::malformed("There is no such change.")),
    }
    Ok(Some(settings))
}

fn preview(dialect: &str, settings: Table, refused: &[ClientUsageView]) -> Markup {
    let dialect = Table::from_iter([(dialect.to_owned(), Value::Table(settings))]);
    let file = Table::from_iter([("sunset".to_owned(), Value::Table(dialect))]);
    let lines = toml::to_string(&file).unwrap_or_default();
    let row = |client: &ClientUsageView| {
        html! {
            tr {
                (client_cells(client))
                td { (number(client.users)) }
                td { @if let Some(at) = &client.last_served { (timestamp_text(at)) } }
            }
        }
    };
    let shown_at_most = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let rows: Vec<_> = refused.iter().take(shown_at_most).map(row).collect();
    let headings = [
        "Program",
        "Application",
        "Key",
        "Device",
        "Users",
        "Last success",
    ];
    html! {
        p { "Add these lines to the configuration, and send SIGHUP to the gateway:" }
        pre tabindex="0" role="region" aria-label="Lines of the configuration" #plan { (isogloss_core::printable_lines(&lines)) }
        @if rows.is_empty() { p.empty #refused { "In the last week, it would have refused no client." } } @else {
            div #refused { (table("Clients that it would have refused in the last week", &headings, &rows)) }
            @if refused.len() > rows.len() { p { "Only the latest " (number(SHOWN)) " are shown." } }
        }
    }
}

/// Returns the clients with a successful call in the last week that a change would have refused, one more than are shown.
///
/// # Errors
/// The directory is unreachable.
async fn refused(
    visitor: &Visitor,
    dialect: &str,
    named: &str,
    fields: &Fields,
) -> Result<Vec<ClientUsageView>, ConsoleError> {
    let [application, key, client, user_agent] = CLIENT_FIELDS.map(|name| fields.text(name));
    let attributes = match named {
        "announce" => return Ok(Vec::new()),
        "cut-off" => ClientPattern {
            application,
            key,
            client,
            user_agent,
        },
        _ => ClientPattern::default(),
    };
    let page = ClientPage {
        dialect: dialect.to_owned(),
        attributes,
        served_since: Some(visitor.auth.now() - LOOKED_BACK),
        after: 0,
        limit: SHOWN + 1,
    };
    read_clients(visitor, &page).await
}
