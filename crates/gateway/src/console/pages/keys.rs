//! Clients and keys: lists, creates and revokes the keys of applications, services and administrators.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};
use isogloss_core::directory::KeyEntry;
use isogloss_core::{KeyLimits, Scope};
use maud::{Markup, html};
use secrecy::ExposeSecret as _;
use time::{Duration, OffsetDateTime};

use super::PAGE;
use crate::admin::api_keys::{
    KeyFilter, KeyPage, NewKey, Rights, format_key_cursor, parse_key_cursor, realms,
};
use crate::console::act::{Act, Done, question};
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::layout;
use crate::console::markup::{
    badge, choice, filter_field, filters, next_page, shown, shown_if_any, table, timestamp_or,
};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::dialects;

const PATH: &str = ConsolePage::Keys.path();
const REVOKE_PATH: &str = "/console/keys/revoke";

const REVOKE: (&str, &str, &str) = (
    "Revoke",
    "The key is no longer accepted. Sessions at the console that it began end.",
    "Revoke the key",
);

/// How long a new key may be valid: what is sent, what is shown. The first one is without an end.
const LIFETIMES: [(&str, &str); 4] = [
    ("", "Without an end"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "365 days"),
];

/// Shows a page of the keys, by realm and label, and the form for a new one.
///
/// # Errors
/// The key lacks the scope, or the directory is unreachable.
pub(in crate::console) async fn list(
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, ConsoleError> {
    visitor.require_page(ConsolePage::Keys).await?;
    let fields = Fields::of_query(&request);
    let value = |name| fields.get(name).unwrap_or_default();
    let filter = KeyFilter {
        realm: fields.text("realm"),
        search: fields.text("label"),
        user: None,
    };
    let after = fields.get("after").map(|text| {
        let expected = "after is not the place of a key.";
        parse_key_cursor(text).ok_or_else(|| ConsoleError::malformed(expected))
    });
    let keys = visitor.service.key_page(&filter, after.transpose()?, PAGE);
    let KeyPage { keys, next } = keys.await?;
    let next = next.map(|next| {
        let place = format_key_cursor(&next);
        fields.url(PATH, &["realm", "label"], &[("after", &place)])
    });
    let mut names = vec![("", "Any")];
    names.extend(realms().into_iter().map(|name| (name, name)));
    let fields_of_filter = html! {
        (filter_field("label", "Label", value("label")))
        (choice("realm", "Realm", value("realm"), &names))
    };
    let now = visitor.auth.now();
    let rows: Vec<_> = keys.iter().map(|key| row(&visitor, key, now)).collect();
    let content = html! {
        (Done::notice(&fields))
        (filters(PATH, &fields_of_filter))
        div #list {
            @if rows.is_empty() { p.empty { @if next.is_some() { "There is no such key on this page." } @else { "There are none." } } } @else { (table("Keys", &HEADINGS, &rows)) }
            (next_page(next.as_deref()))
        }
        @if visitor.may(Scope::KeysWrite) { h2 #new { "A new key" } (form(&visitor)) }
    };
    Ok(layout::page(
        &visitor,
        ConsolePage::Keys,
        "Clients and keys",
        &content,
    ))
}

const HEADINGS: [&str; 8] = [
    "Label",
    "Realm",
    "Acts as",
    "Scopes",
    "Dialects and audiences",
    "End",
    "Identifier",
    "Act",
];

fn row(visitor: &Visitor, key: &KeyEntry, now: OffsetDateTime) -> Markup {
    let limits = key.scopes.limits();
    let listed = |names: Option<&[String]>| names.unwrap_or_default().join(", ");
    let bound = [listed(limits.dialects()), listed(limits.audiences())];
    let bound: Vec<_> = bound.iter().filter(|text| !text.is_empty()).collect();
    let is_over = key.expires_at.is_some_and(|at| at <= now);
    let fields = html! {
        input type="hidden" name="id" value=(key.id());
        input type="hidden" name="realm" value=(key.realm);
    };
    html! {
        tr {
            td { (shown(&key.label)) }
            td { (key.realm) }
            td { (shown_if_any(key.user.as_deref())) }
            td { (shown(&key.scopes.to_string())) }
            td { @for text in &bound { (shown(text)) " " } }
            td { (timestamp_or(key.expires_at, "none")) @if is_over { " " (badge("bad", "expired")) } }
            td { code { (key.id()) } }
            td { @if visitor.may(Scope::KeysWrite) { (question(visitor, REVOKE_PATH, REVOKE, &fields)) } }
        }
    }
}

fn form(visitor: &Visitor) -> Markup {
    let realms = realms();
    let realms: Vec<_> = realms.iter().map(|name| (*name, *name)).collect();
    let group = |realm: &str| {
        html! {
            fieldset {
                legend { "Scopes of the realm " (realm) "; none chosen means all" }
                @for name in Scope::names_of(realm) { (checkbox("scope", name)) }
            }
        }
    };
    html! {
        form.form method="post" action=(PATH) {
            (visitor.form_token())
            p { "Its text is random and is shown once. A key cannot have more rights or a later end than your own." }
            (choice("realm", "Realm", "introspection", &realms))
            label { span { "Label, such as the name of the service" } input name="label" maxlength="100" required autocomplete="off"; }
            label { span { "The user as whom it acts, if any" } input name="user" maxlength="320" autocomplete="off"; }
            (choice("days", "End", "", &LIFETIMES))
            (group("admin"))
            (group("introspection"))
            fieldset {
                legend { "Dialects of a key of the realm introspection; none chosen means all" }
                @for name in dialects::names() { (checkbox("dialect", name)) }
            }
            label { span { "Audiences of a key of the realm introspection, separated by spaces; none means all" } input name="audiences" maxlength="400" autocomplete="off"; }
            button type="submit" { "Create the key" }
        }
    }
}

fn checkbox(name: &str, value: &str) -> Markup {
    html! { label { input type="checkbox" name=(name) value=(value); " " (value) } }
}

/// Creates a key, and shows its text once.
///
/// # Errors
/// The key of the visitor lacks the scope or the rights that the new one would have, a field is invalid, the label is in
/// use, or the directory is unreachable.
pub(in crate::console) async fn add(act: Act) -> Result<HttpResponse, ConsoleError> {
    let visitor = &act.visitor;
    visitor.require(Scope::KeysWrite).await?;
    let rights = Rights {
        scopes: visitor.key().scopes.clone(),
        expires_at: visitor.key().expires_at,
    };
    let new = new_key(&act.fields, visitor.auth.now())?;
    let adding = visitor.service.add_key(new, &rights);
    let (text, key) = visitor.run(adding).await?;
    let content = html! {
        p role="status" { "The key " (shown(&key.label)) " of the realm " (key.realm) ". Its text is not shown again:" }
        p.secret #secret { (text.expose_secret()) }
        p { a href=(PATH) { "Back to the keys" } }
    };
    Ok(layout::page(
        visitor,
        ConsolePage::Keys,
        "A new key",
        &content,
    ))
}

/// Returns the key that a form describes. What belongs to another realm than the chosen one is left out.
fn new_key(fields: &Fields, now: OffsetDateTime) -> Result<NewKey, ConsoleError> {
    let realm = fields.get("realm").unwrap_or_default();
    let named = |names: Vec<&str>| {
        let names: Vec<_> = names.into_iter().map(str::to_owned).collect();
        (!names.is_empty()).then_some(names)
    };
    let known: Vec<_> = Scope::names_of(realm).collect();
    let scopes = fields.all("scope").filter(|name| known.contains(name));
    let has_limits = KeyLimits::apply_to(realm);
    let limit = |names: Vec<&str>| named(names).filter(|_| has_limits);
    let audiences = fields.get("audiences").unwrap_or_default();
    let expires_at = match fields.get("days") {
        None => None,
        Some(text) => {
            let days = text.parse().ok().filter(|days| (1..=3650).contains(days));
            let days =
                days.ok_or_else(|| ConsoleError::malformed("The end is not one of those."))?;
            Some(now + Duration::days(days))
        }
    };
    Ok(NewKey {
        realm: realm.to_owned(),
        label: fields.text("label").unwrap_or_default(),
        user: fields.text("user"),
        scopes: named(scopes.collect()),
        dialects: limit(fields.all("dialect").collect()),
        audiences: limit(audiences.split_whitespace().collect()),
        expires_at,
        text: None,
        allow_weak: false,
    })
}

/// Revokes a key.
///
/// # Errors
/// The key of the visitor lacks the scope, there is no such key, or the directory is unreachable.
pub(in crate::console) async fn revoke(act: Act) -> Result<HttpResponse, ConsoleError> {
    let visitor = &act.visitor;
    visitor.require(Scope::KeysWrite).await?;
    let id = act.fields.get("id").unwrap_or_default();
    let revoking = visitor.service.revoke_key(id, act.fields.get("realm"));
    let revoked = visitor.run(revoking).await?;
    // The visitor's own key may be the one.
    if revoked.realm == "admin" && revoked.label == visitor.key().label {
        let mut response = HttpResponse::SeeOther();
        return Ok(response.insert_header((LOCATION, "/console")).finish());
    }
    Ok(Done::KeyRevoked.then(PATH))
}
