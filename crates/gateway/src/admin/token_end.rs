//! How a token ended, as the audit log knows it.

use isogloss_core::audit::{EventFilter, Subject};
use isogloss_core::directory::Directory;
use isogloss_core::{StoreError, TokenDigest};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// The events that end one token.
const ENDS_ONE: [&str; 3] = ["revoke", "evict", "redeem"];

/// The events that end all tokens of a user, or many.
const ENDS_ALL: [&str; 5] = [
    "end_sessions",
    "set_password",
    "reset_password",
    "disable_user",
    "erase_user",
];

/// Returns how the token with this handle ended, as a sentence, and its user. Each `None` if the audit log does not say
/// so. Fails if the directory is unreachable.
pub(super) async fn of_handle(
    handle: &str,
    directory: &dyn Directory,
) -> Result<(Option<String>, Option<Uuid>), StoreError> {
    let Some(handle) = TokenDigest::from_handle(handle) else {
        return Ok((None, None));
    };
    let events = events_of(handle, directory).await?;
    let end = of_events(&events, directory).await?;
    Ok((end, user_of(&events)))
}

/// Returns the user of the token that these events are about. `None` if they name none.
pub(super) fn user_of(events: &[Value]) -> Option<Uuid> {
    events
        .iter()
        .find_map(|event| text(event, "user").parse().ok())
}

/// Returns the events of the audit log about a token, the latest first. Fails if the directory is unreachable.
pub(super) async fn events_of(
    handle: TokenDigest,
    directory: &dyn Directory,
) -> Result<Vec<Value>, StoreError> {
    let lines = directory.events_of_token(handle).await?;
    Ok(parsed(&lines))
}

/// Returns how the token of these events ended, as a sentence. `None` if they do not say so. Fails if the directory is
/// unreachable.
pub(super) async fn of_events(
    events: &[Value],
    directory: &dyn Directory,
) -> Result<Option<String>, StoreError> {
    if let Some(end) = events.iter().find(|event| is_done(event, &ENDS_ONE)) {
        let (time, actor) = (text(end, "time"), actor(end, directory).await?);
        return Ok(Some(match text(end, "event") {
            "evict" => format!("The token was ended at {time}: its user had too many."),
            "redeem" => format!("The token is valid once, and was used at {time}."),
            _ => format!("The token was ended at {time} by {actor}."),
        }));
    }
    let Some(issue) = events.iter().find(|event| is_done(event, &["issue"])) else {
        return Ok(None);
    };
    let issued = text(issue, "time");
    let user = text(issue, "user").parse().ok();
    let since = OffsetDateTime::parse(issued, &Rfc3339).ok();
    let filter = EventFilter {
        who: Some(Subject {
            user,
            name_hashes: Vec::new(),
        }),
        event: None,
        since,
        limit: 1000,
    };
    let later = parsed(&directory.find_events(&filter).await?);
    // The first event after the issue is the one that ended the token.
    let end = later
        .iter()
        .rev()
        .find(|event| is_done(event, &ENDS_ALL) && text(event, "user") == text(issue, "user"));
    let Some(end) = end else {
        return Ok(Some(format!(
            "The token was issued at {issued}, and has expired."
        )));
    };
    let (time, actor) = (text(end, "time"), actor(end, directory).await?);
    let what = match text(end, "event") {
        "end_sessions" => "sessions of the user were ended",
        "disable_user" => "the user was disabled",
        "erase_user" => "the user was erased",
        _ => "the user got another password",
    };
    Ok(Some(format!(
        "The token was ended at {time}, when {what} by {actor}."
    )))
}

fn parsed(lines: &[String]) -> Vec<Value> {
    let events = lines.iter().map(|line| serde_json::from_str(line));
    events.filter_map(Result::ok).collect()
}

fn is_done(event: &Value, kinds: &[&str]) -> bool {
    text(event, "outcome") == "done" && kinds.contains(&text(event, "event"))
}

fn text<'e>(event: &'e Value, member: &str) -> &'e str {
    event[member].as_str().unwrap_or_default()
}

/// Returns who caused an event. Fails if the directory is unreachable.
async fn actor(event: &Value, directory: &dyn Directory) -> Result<String, StoreError> {
    let actor = text(event, "actor");
    if actor.is_empty() {
        return Ok("its user".to_owned());
    }
    let Ok(id) = actor.parse::<Uuid>() else {
        return Ok(format!("the {actor}"));
    };
    let user = directory.user(id).await?;
    Ok(user.map_or_else(|| actor.to_owned(), |user| user.user_name.clone()))
}
