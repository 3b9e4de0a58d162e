//! Converts rows of both databases to users, cards and keys.

mod accounts;
pub(super) mod columns;
mod digests;
mod entries;
mod imports;
mod links;
mod usage;

use isogloss_core::backend::directory::{Login, UserRef};
use isogloss_core::directory::{Card, Enrolment, KeyDigest, KeyEntry, KnownAppPassword};
use isogloss_core::refusals::RefusedRequest;
use isogloss_core::{Key, Language, Organisation, Role, Scopes, TotpStep, Unit, User, UserState};
use sqlx::Error;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

pub(super) use self::accounts::{
    USER_GROUPS, account_if_found, account_of_row, password_hash, user_group, user_record,
};
use self::digests::stored_digest;
pub(super) use self::digests::{
    card_of_code, code_digest, digests_of_key, key_with_digest, plain_digest, sealed_key,
    signing_key, synchronisation, tombstone,
};
pub(super) use self::entries::{Belongings, organisation_entries, person, user_entries};
pub(super) use self::imports::{revoked_key_entries, said};
pub(super) use self::links::{LinkColumns, link_columns, seconds};
pub(super) use self::usage::{last_use, named_use, usage, usage_day, usage_summary};

pub(super) type Result<T> = std::result::Result<T, Error>;

/// The columns of a row, by name. The two databases store some of them differently.
pub(super) trait Columns {
    fn text(&self, column: &str) -> Result<String>;
    fn text_if_any(&self, column: &str) -> Result<Option<String>>;
    /// Returns the texts of a list column, in any order; empty for NULL. Fails if there is no such column.
    fn texts(&self, column: &str) -> Result<Vec<String>>;
    fn number(&self, column: &str) -> Result<i64>;
    fn number_if_any(&self, column: &str) -> Result<Option<i64>>;
    fn flag(&self, column: &str) -> Result<bool>;
    fn bytes_if_any(&self, column: &str) -> Result<Option<Vec<u8>>>;
    fn guid(&self, column: &str) -> Result<Uuid>;
    fn guid_if_any(&self, column: &str) -> Result<Option<Uuid>>;
}

/// Decodes rows of `refused_requests`: entries and names. Leaves out those that cannot be decoded.
pub(super) fn refused_requests(rows: Vec<(String, Option<String>)>) -> Vec<RefusedRequest> {
    let rows = rows.into_iter();
    rows.filter_map(|(entry, name)| RefusedRequest::from_entry(&entry, name))
        .collect()
}

/// Decodes a user from a row of `user_accounts`. Fails if a column cannot be decoded.
pub(super) fn user(row: &impl Columns) -> Result<User> {
    let default_unit = row.text_if_any("default_unit")?;
    let mut units = sorted(row, "units")?;
    if let Some(default) = &default_unit
        && !units.contains(default)
    {
        units.push(default.clone());
    }
    Ok(User {
        id: row.guid("id")?,
        number: row.number("number")?,
        user_name: row.text("user_name")?,
        email: row.text_if_any("email")?,
        first_name: row.text("first_name")?,
        last_name: row.text("last_name")?,
        image_url: row.text("image_url")?,
        language: language(row)?,
        role: role(row)?,
        organisation: Organisation {
            id: row.guid("organisation_id")?,
            name: row.text("organisation_name")?,
        },
        units,
        default_unit,
        state: if row.flag("disabled")? {
            UserState::Disabled
        } else {
            UserState::Active
        },
        generation: row.number("generation")?,
    })
}

/// Returns the units that the user may log in to, the default one first, from the rows of the organisation's
/// units. Fails if a column cannot be decoded.
pub(super) fn units_of(user: &User, rows: &[impl Columns]) -> Result<Vec<Unit>> {
    let mut units = Vec::new();
    for row in rows {
        let id = row.text("id")?;
        if user.units.contains(&id) {
            let name = row.text("name")?;
            units.push(Unit { id, name });
        }
    }
    units.sort_by_key(|unit| user.default_unit.as_ref() != Some(&unit.id));
    Ok(units)
}

/// Decodes a card from a row of `user_accounts` with the card's `pass_code_hash`. Fails if a column cannot be decoded.
pub(super) fn card(row: &impl Columns) -> Result<Card> {
    Ok(Card {
        user: user(row)?,
        pass_code_hash: row.text_if_any("pass_code_hash")?.map(Into::into),
    })
}

fn key(row: &impl Columns) -> Result<Key> {
    Ok(Key {
        label: row.text("label")?,
        user: row.guid_if_any("user")?,
        scopes: scopes(row)?,
        expires_at: row.number_if_any("expires_at")?.map(moment),
    })
}

fn key_entry(row: &impl Columns) -> Result<KeyEntry> {
    Ok(KeyEntry {
        realm: row.text("realm")?,
        label: row.text("label")?,
        digest: stored_digest(row, "digest")?,
        user: row.text_if_any("user_name")?,
        scopes: scopes(row)?,
        expires_at: row.number_if_any("expires_at")?.map(moment),
    })
}

fn scopes(row: &impl Columns) -> Result<Scopes> {
    Ok(Scopes::from_stored(row.text_if_any("scopes")?.as_deref()))
}

/// Decodes a reference to a user from a row of `users`. Fails if a column cannot be decoded.
pub(super) fn named(row: &impl Columns) -> Result<UserRef> {
    Ok(UserRef {
        id: row.guid("id")?,
        user_name: row.text("user_name")?,
    })
}

/// Decodes a login name and its user. Fails if a column cannot be decoded.
pub(super) fn login(row: &impl Columns) -> Result<Login> {
    Ok(Login {
        login: row.text("login")?,
        owner: named(row)?,
    })
}

/// Decodes a row of `app_passwords`. Fails if a column cannot be decoded.
pub(super) fn app_password(row: &impl Columns) -> Result<KnownAppPassword> {
    Ok(KnownAppPassword {
        digest: digest_in(row)?,
        realm: row.text("realm")?,
        label: row.text("label")?,
        made_at: moment(row.number("made_at")?),
        used_on: row.number_if_any("used_on")?.map(day),
    })
}

/// Decodes the columns of `totp_states`, which may be NULL, and the number of `unspent` recovery codes. Fails if a
/// column cannot be decoded.
pub(super) fn enrolment(row: &impl Columns) -> Result<Enrolment> {
    Ok(Enrolment {
        since: row.number_if_any("since")?.map(moment),
        last_step: row.number_if_any("last_step")?.map(TotpStep),
        recovery_codes_left: row.number("unspent")?.try_into().unwrap_or(0),
    })
}

fn moment(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn moment_if_any(row: &impl Columns, column: &str) -> Result<Option<OffsetDateTime>> {
    Ok(row.number_if_any(column)?.map(moment))
}

fn day(since_1970: i64) -> Date {
    let days = Duration::days(since_1970.clamp(0, LAST_DAY));
    OffsetDateTime::UNIX_EPOCH.date() + days
}

/// Returns a day as it is stored: the number of days since 1970-01-01.
pub(super) fn days_since_1970(day: Date) -> i64 {
    (day - OffsetDateTime::UNIX_EPOCH.date()).whole_days()
}

/// The last day that is read, in days since 1970-01-01. [`Date`] ends with the year 9999.
const LAST_DAY: i64 = 2_932_000;

/// Decodes keys with the names of their users, in the order of the rows. Fails if a column cannot be decoded.
pub(super) fn key_entries(rows: &[impl Columns]) -> Result<Vec<KeyEntry>> {
    rows.iter().map(key_entry).collect()
}

fn sorted(row: &impl Columns, column: &str) -> Result<Vec<String>> {
    let mut texts = row.texts(column)?;
    texts.sort();
    Ok(texts)
}

/// Decodes the preferred language. `None` if there is none, or if the column has no language tag: a login must not fail
/// because of it.
fn language(row: &impl Columns) -> Result<Option<Language>> {
    let text = row.text_if_any("language")?;
    Ok(text.and_then(|text| Language::parse(&text).ok()))
}

fn role(row: &impl Columns) -> Result<Role> {
    Role::from_name(&row.text("role")?).ok_or_else(|| unreadable("role"))
}

fn digest_in(row: &impl Columns) -> Result<KeyDigest> {
    digest(&row.bytes_if_any("digest")?.unwrap_or_default())
}

fn digest(bytes: &[u8]) -> Result<KeyDigest> {
    let bytes = bytes.try_into().map_err(|_| unreadable("digest"))?;
    Ok(KeyDigest::plain(bytes))
}

/// Returns the error for a column whose content this program cannot have written.
pub(super) fn unreadable(column: &str) -> Error {
    Error::Decode(format!("a stored {column} cannot be read").into())
}
