//! How rows become users, cards and keys, whichever database they come from.

use std::collections::HashMap;

use sqlx::Error;
use uuid::Uuid;

use super::{
    Account, Card, CardEntry, KeyDigest, KeyEntry, OrganisationEntry, UnitEntry, UserEntry,
};
use crate::totp::TotpSecret;
use crate::user::{Key, Organisation, Role, Unit, User, UserState};

pub(super) type Result<T> = std::result::Result<T, Error>;

/// A row's columns, by name. Each database stores some of them in a way of its own.
pub(super) trait Columns {
    fn text(&self, column: &str) -> Result<String>;
    fn text_if_any(&self, column: &str) -> Result<Option<String>>;
    /// Texts in one column, in any order; none where there is nothing.
    fn texts(&self, column: &str) -> Result<Vec<String>>;
    fn number(&self, column: &str) -> Result<i64>;
    fn flag(&self, column: &str) -> Result<bool>;
    fn bytes_if_any(&self, column: &str) -> Result<Option<Vec<u8>>>;
    fn guid(&self, column: &str) -> Result<Uuid>;
    fn guid_if_any(&self, column: &str) -> Result<Option<Uuid>>;
}

/// A row of `accounts` beside whether it is the one that was asked for, or only as long to read.
pub(super) fn account_if_found(row: Option<&impl Columns>) -> Result<Option<Account>> {
    let Some(row) = row else { return Ok(None) };
    let account = account(row);
    if row.flag("found")? {
        account.map(Some)
    } else {
        Ok(None)
    }
}

/// A row of `accounts`.
fn account(row: &impl Columns) -> Result<Account> {
    let totp = match row.text_if_any("totp_secret")? {
        None => None,
        Some(secret) => {
            Some(TotpSecret::from_base32(&secret).ok_or_else(|| unreadable("totp_secret"))?)
        }
    };
    Ok(Account {
        user: user(row)?,
        password_hash: row.text("password_hash")?.into(),
        totp,
    })
}

/// A row of `accounts`.
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

/// Those units of the user's organisation that are the user's, the default one first.
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

/// A row of `accounts` with the card's `pass_code_hash`.
pub(super) fn card(row: &impl Columns) -> Result<Card> {
    Ok(Card {
        user: user(row)?,
        pass_code_hash: row.text_if_any("pass_code_hash")?.map(Into::into),
    })
}

pub(super) fn key(row: &impl Columns) -> Result<Key> {
    Ok(Key {
        label: row.text("label")?,
        user: row.guid_if_any("user")?,
    })
}

/// Organisations and units, each in the order in which they are given.
pub(super) fn organisation_entries<C: Columns>(
    organisations: &[C],
    units: &[C],
) -> Result<Vec<OrganisationEntry>> {
    let mut units_by_organisation: HashMap<Uuid, Vec<UnitEntry>> = HashMap::new();
    for row in units {
        let unit = UnitEntry {
            id: row.text("id")?,
            name: row.text("name")?,
        };
        let organisation = row.guid("organisation")?;
        let listed = units_by_organisation.entry(organisation).or_default();
        listed.push(unit);
    }
    organisations
        .iter()
        .map(|row| {
            let id = row.guid("id")?;
            Ok(OrganisationEntry {
                id,
                name: row.text("name")?,
                default_unit: row.text_if_any("default_unit")?,
                units: units_by_organisation.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

/// Rows of `accounts`, in the order in which they are given, with the cards of those users.
pub(super) fn user_entries<C: Columns>(accounts: &[C], cards: &[C]) -> Result<Vec<UserEntry>> {
    let mut cards_by_user: HashMap<Uuid, Vec<CardEntry>> = HashMap::new();
    for row in cards {
        let code = row.bytes_if_any("code_digest")?;
        let card = CardEntry {
            code_digest: code.as_deref().map(digest).transpose()?,
            identifier: row.text_if_any("identifier")?,
            pass_code_hash: row.text_if_any("pass_code_hash")?,
            effective: row.flag("effective")?,
        };
        let user = row.guid("user")?;
        cards_by_user.entry(user).or_default().push(card);
    }
    accounts
        .iter()
        .map(|row| {
            let id = row.guid("id")?;
            let mut access_cards = cards_by_user.remove(&id).unwrap_or_default();
            access_cards.sort();
            Ok(UserEntry {
                id,
                number: row.number("number")?,
                user_name: row.text("user_name")?,
                email: row.text_if_any("email")?,
                first_name: row.text("first_name")?,
                last_name: row.text("last_name")?,
                image_url: row.text("image_url")?,
                role: role(row)?,
                organisation: row.text("organisation_name")?,
                default_unit: row.text_if_any("own_default_unit")?,
                units: sorted(row, "units")?,
                disabled: row.flag("disabled")?,
                password_hash: row.text("password_hash")?,
                totp_secret: row.text_if_any("totp_secret")?,
                access_cards,
            })
        })
        .collect()
}

/// Keys with the names of their users, in the order in which they are given.
pub(super) fn key_entries(rows: &[impl Columns]) -> Result<Vec<KeyEntry>> {
    rows.iter()
        .map(|row| {
            let bytes = row.bytes_if_any("digest")?;
            Ok(KeyEntry {
                realm: row.text("realm")?,
                label: row.text("label")?,
                digest: digest(&bytes.unwrap_or_default())?,
                user: row.text_if_any("user_name")?,
            })
        })
        .collect()
}

fn sorted(row: &impl Columns, column: &str) -> Result<Vec<String>> {
    let mut texts = row.texts(column)?;
    texts.sort();
    Ok(texts)
}

fn role(row: &impl Columns) -> Result<Role> {
    Role::from_name(&row.text("role")?).ok_or_else(|| unreadable("role"))
}

fn digest(bytes: &[u8]) -> Result<KeyDigest> {
    KeyDigest::from_hex(&hex::encode(bytes)).ok_or_else(|| unreadable("digest"))
}

/// A column does not hold what this program puts there.
pub(super) fn unreadable(column: &str) -> Error {
    Error::Decode(format!("a stored {column} cannot be read").into())
}
