//! Queries, and how their rows become users, cards and keys.

use std::collections::HashMap;

use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Error, Row, query};
use uuid::Uuid;

use crate::directory::{
    Account, Card, CardEntry, CardName, KeyDigest, KeyEntry, OrganisationEntry, Snapshot,
    UnitEntry, UserEntry, login_form,
};
use crate::totp::TotpSecret;
use crate::user::{Key, Organisation, Role, Unit, User, UserState};

type Result<T> = std::result::Result<T, Error>;

pub(super) async fn account(pool: &SqlitePool, login: &str) -> Result<Option<Account>> {
    let row = query("SELECT a.* FROM logins l JOIN accounts a ON a.id = l.user WHERE l.login = ?")
        .bind(login_form(login))
        .fetch_optional(pool)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let totp = match row.try_get::<Option<String>, _>("totp_secret")? {
        None => None,
        Some(secret) => {
            Some(TotpSecret::from_base32(&secret).ok_or_else(|| unreadable("totp_secret"))?)
        }
    };
    Ok(Some(Account {
        user: user_of(&row)?,
        password_hash: row.try_get::<String, _>("password_hash")?.into(),
        totp,
    }))
}

pub(super) async fn user(pool: &SqlitePool, id: Uuid) -> Result<Option<User>> {
    let row = query("SELECT * FROM accounts WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(user_of).transpose()
}

pub(super) async fn units_of(pool: &SqlitePool, user: &User) -> Result<Vec<Unit>> {
    let rows = query("SELECT id, name FROM units WHERE organisation = ? ORDER BY id")
        .bind(user.organisation.id.to_string())
        .fetch_all(pool)
        .await?;
    let mut units = Vec::new();
    for row in &rows {
        let id: String = row.try_get("id")?;
        if user.units.contains(&id) {
            let name = row.try_get("name")?;
            units.push(Unit { id, name });
        }
    }
    units.sort_by_key(|unit| user.default_unit.as_ref() != Some(&unit.id));
    Ok(units)
}

pub(super) async fn users(pool: &SqlitePool, after: i64, limit: u32) -> Result<Vec<User>> {
    let rows = query("SELECT * FROM accounts WHERE number > ? ORDER BY number LIMIT ?")
        .bind(after)
        .bind(limit)
        .fetch_all(pool)
        .await?;
    rows.iter().map(user_of).collect()
}

pub(super) async fn card(pool: &SqlitePool, name: CardName<'_>) -> Result<Option<Card>> {
    let lookup = match name {
        CardName::Code(digest) => query(
            "SELECT a.*, c.pass_code_hash FROM access_cards c JOIN accounts a ON a.id = c.user
             WHERE c.effective AND c.code_digest = ?",
        )
        .bind(digest.as_bytes().to_vec()),
        CardName::Identifier(identifier) => query(
            "SELECT a.*, c.pass_code_hash FROM access_cards c JOIN accounts a ON a.id = c.user
             WHERE c.effective AND c.identifier = ?",
        )
        .bind(identifier.to_owned()),
    };
    let Some(row) = lookup.fetch_optional(pool).await? else {
        return Ok(None);
    };
    let hash: Option<String> = row.try_get("pass_code_hash")?;
    Ok(Some(Card {
        user: user_of(&row)?,
        pass_code_hash: hash.map(Into::into),
    }))
}

pub(super) async fn key(pool: &SqlitePool, realm: &str, digest: KeyDigest) -> Result<Option<Key>> {
    let row = query("SELECT label, user FROM keys WHERE realm = ? AND digest = ?")
        .bind(realm)
        .bind(digest.as_bytes().as_slice())
        .fetch_optional(pool)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let user: Option<String> = row.try_get("user")?;
    Ok(Some(Key {
        label: row.try_get("label")?,
        user: user.as_deref().map(guid).transpose()?,
    }))
}

pub(super) async fn snapshot(connection: &mut SqliteConnection) -> Result<Snapshot> {
    Ok(Snapshot {
        organisations: organisations(connection).await?,
        users: user_entries(connection).await?,
        keys: keys(connection).await?,
    })
}

async fn organisations(connection: &mut SqliteConnection) -> Result<Vec<OrganisationEntry>> {
    let mut units: HashMap<String, Vec<UnitEntry>> = HashMap::new();
    for row in query("SELECT id, organisation, name FROM units ORDER BY id")
        .fetch_all(&mut *connection)
        .await?
    {
        units
            .entry(row.try_get("organisation")?)
            .or_default()
            .push(UnitEntry {
                id: row.try_get("id")?,
                name: row.try_get("name")?,
            });
    }
    let rows = query("SELECT id, name, default_unit FROM organisations ORDER BY name")
        .fetch_all(&mut *connection)
        .await?;
    rows.iter()
        .map(|row| {
            let id: String = row.try_get("id")?;
            Ok(OrganisationEntry {
                id: guid(&id)?,
                name: row.try_get("name")?,
                default_unit: row.try_get("default_unit")?,
                units: units.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

async fn user_entries(connection: &mut SqliteConnection) -> Result<Vec<UserEntry>> {
    let mut cards: HashMap<String, Vec<CardEntry>> = HashMap::new();
    for row in
        query("SELECT user, code_digest, identifier, pass_code_hash, effective FROM access_cards")
            .fetch_all(&mut *connection)
            .await?
    {
        let code: Option<Vec<u8>> = row.try_get("code_digest")?;
        let card = CardEntry {
            code_digest: code.as_deref().map(digest).transpose()?,
            identifier: row.try_get("identifier")?,
            pass_code_hash: row.try_get("pass_code_hash")?,
            effective: row.try_get("effective")?,
        };
        cards.entry(row.try_get("user")?).or_default().push(card);
    }
    let rows = query("SELECT * FROM accounts ORDER BY number")
        .fetch_all(&mut *connection)
        .await?;
    rows.iter()
        .map(|row| {
            let id: String = row.try_get("id")?;
            let mut access_cards = cards.remove(&id).unwrap_or_default();
            access_cards.sort();
            Ok(UserEntry {
                id: guid(&id)?,
                number: row.try_get("number")?,
                user_name: row.try_get("user_name")?,
                email: row.try_get("email")?,
                first_name: row.try_get("first_name")?,
                last_name: row.try_get("last_name")?,
                image_url: row.try_get("image_url")?,
                role: role(row)?,
                organisation: row.try_get("organisation_name")?,
                default_unit: row.try_get("own_default_unit")?,
                units: units(row)?,
                disabled: row.try_get("disabled")?,
                password_hash: row.try_get("password_hash")?,
                totp_secret: row.try_get("totp_secret")?,
                access_cards,
            })
        })
        .collect()
}

async fn keys(connection: &mut SqliteConnection) -> Result<Vec<KeyEntry>> {
    let rows = query(
        "SELECT k.realm, k.label, k.digest, u.user_name FROM keys k
         LEFT JOIN users u ON u.id = k.user ORDER BY k.realm, k.label, k.digest",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(KeyEntry {
                realm: row.try_get("realm")?,
                label: row.try_get("label")?,
                digest: digest(row.try_get("digest")?)?,
                user: row.try_get("user_name")?,
            })
        })
        .collect()
}

fn user_of(row: &SqliteRow) -> Result<User> {
    let default_unit: Option<String> = row.try_get("default_unit")?;
    let mut units = units(row)?;
    if let Some(default) = &default_unit
        && !units.contains(default)
    {
        units.push(default.clone());
    }
    Ok(User {
        id: guid(row.try_get("id")?)?,
        number: row.try_get("number")?,
        user_name: row.try_get("user_name")?,
        email: row.try_get("email")?,
        first_name: row.try_get("first_name")?,
        last_name: row.try_get("last_name")?,
        image_url: row.try_get("image_url")?,
        role: role(row)?,
        organisation: Organisation {
            id: guid(row.try_get("organisation_id")?)?,
            name: row.try_get("organisation_name")?,
        },
        units,
        default_unit,
        state: if row.try_get("disabled")? {
            UserState::Disabled
        } else {
            UserState::Active
        },
        generation: row.try_get("generation")?,
    })
}

fn units(row: &SqliteRow) -> Result<Vec<String>> {
    let units: Option<&str> = row.try_get("units")?;
    let mut units: Vec<_> = units
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect();
    units.sort();
    Ok(units)
}

fn role(row: &SqliteRow) -> Result<Role> {
    Role::from_name(row.try_get("role")?).ok_or_else(|| unreadable("role"))
}

fn guid(text: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(|_| unreadable("identifier"))
}

fn digest(bytes: &[u8]) -> Result<KeyDigest> {
    KeyDigest::from_hex(&hex::encode(bytes)).ok_or_else(|| unreadable("digest"))
}

fn unreadable(column: &str) -> Error {
    Error::Decode(format!("a stored {column} cannot be read").into())
}
