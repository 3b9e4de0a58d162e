//! Converts rows to the entries of a directory: organisations, and users with everything that belongs to them.

use std::collections::HashMap;

use isogloss_core::backend::directory::{ImportedValues, breaks_rules};
use isogloss_core::directory::{
    AppPasswordEntry, Attributes, CardEntry, OrganisationEntry, RecoveryCodeEntry, UnitEntry,
    UserEntry,
};
use uuid::Uuid;

use super::digests::stored_digest;
use super::imports::{origin, revoked_entry};
use super::{
    Columns, Result, digest_in, language, moment, moment_if_any, password_hash, role, sorted,
};

/// Returns organisations with their units, both in the order of the rows. Fails if a column cannot be decoded.
pub(crate) fn organisation_entries<C: Columns>(
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

/// The rows that belong to users, in addition to those of `user_accounts`.
pub(crate) struct Belongings<C> {
    pub(crate) cards: Vec<C>,
    pub(crate) recovery_codes: Vec<C>,
    pub(crate) app_passwords: Vec<C>,
    pub(crate) replaced_hashes: Vec<C>,
    pub(crate) revoked_app_passwords: Vec<C>,
    /// The values that imports last set.
    pub(crate) origins: Vec<C>,
}

/// Returns users with everything that belongs to them, in the order of the rows of `user_accounts`, and the values that
/// imports last set for them. Fails if a column cannot be decoded.
pub(crate) fn user_entries<C: Columns>(
    accounts: &[C],
    belongings: &Belongings<C>,
) -> Result<(Vec<UserEntry>, HashMap<Uuid, ImportedValues>)> {
    let origins = belongings.origins.iter().map(origin);
    let origins: HashMap<_, _> = origins.collect::<Result<_>>()?;
    let mut revoked = by_user(&belongings.revoked_app_passwords, revoked_entry)?;
    let mut cards = by_user(&belongings.cards, card_entry)?;
    let mut recovery_codes = by_user(&belongings.recovery_codes, recovery_code_entry)?;
    let mut app_passwords = by_user(&belongings.app_passwords, app_password_entry)?;
    let mut replaced_hashes = by_user(&belongings.replaced_hashes, digest_in)?;
    let complete = |row: &C| {
        let mut user = person(row)?;
        let id = user.id;
        user.replaced_hashes = replaced_hashes.remove(&id).unwrap_or_default();
        user.recovery_codes = Some(recovery_codes.remove(&id).unwrap_or_default());
        user.app_passwords = Some(app_passwords.remove(&id).unwrap_or_default());
        user.access_cards = cards.remove(&id).unwrap_or_default();
        user.revoked_app_passwords = revoked.remove(&id).unwrap_or_default();
        user.grandfathered = breaks_rules(&user);
        ImportedValues::mark(origins.get(&id), &mut user);
        Ok(user)
    };
    let users = accounts.iter().map(complete).collect::<Result<_>>()?;
    Ok((users, origins))
}

/// Decodes a row of `user_accounts`, without the values from other tables. Fails if a column cannot be decoded.
pub(crate) fn person(row: &impl Columns) -> Result<UserEntry> {
    Ok(UserEntry {
        id: row.guid("id")?,
        number: row.number("number")?,
        user_name: row.text("user_name")?,
        email: row.text_if_any("email")?,
        first_name: row.text("first_name")?,
        last_name: row.text("last_name")?,
        image_url: row.text("image_url")?,
        language: language(row)?,
        role: role(row)?,
        organisation: row.text("organisation_name")?,
        default_unit: row.text_if_any("own_default_unit")?,
        units: sorted(row, "units")?,
        disabled: row.flag("disabled")?,
        password_hash: password_hash(row)?,
        authority: row.text_if_any("authority")?,
        external_id: row.text_if_any("external_id")?,
        adopted: row.number_if_any("adopted_at")?.is_some(),
        accepted_at: moment_if_any(row, "accepted_at")?,
        last_login_at: moment_if_any(row, "last_login_at")?,
        replaced_hashes: Vec::new(),
        generation: row.number("generation")?,
        totp_secret: row.text_if_any("totp_secret")?,
        set_here: Vec::new(),
        recovery_codes: None,
        app_passwords: None,
        revoked_app_passwords: Vec::new(),
        access_cards: Vec::new(),
        imported: Attributes::new(),
        grandfathered: false,
    })
}

/// Groups entries by their user, and sorts them. Fails if a column cannot be decoded.
fn by_user<C: Columns, T: Ord>(
    rows: &[C],
    entry: impl Fn(&C) -> Result<T>,
) -> Result<HashMap<Uuid, Vec<T>>> {
    let mut entries: HashMap<Uuid, Vec<T>> = HashMap::new();
    for row in rows {
        entries
            .entry(row.guid("user")?)
            .or_default()
            .push(entry(row)?);
    }
    for entries in entries.values_mut() {
        entries.sort();
    }
    Ok(entries)
}

fn card_entry(row: &impl Columns) -> Result<CardEntry> {
    let code = row.bytes_if_any("code_digest")?;
    let code = code.map(|_| stored_digest(row, "code_digest"));
    Ok(CardEntry {
        code_digest: code.transpose()?,
        identifier: row.text_if_any("identifier")?,
        pass_code_hash: row.text_if_any("pass_code_hash")?,
        effective: row.flag("effective")?,
    })
}

fn recovery_code_entry(row: &impl Columns) -> Result<RecoveryCodeEntry> {
    Ok(RecoveryCodeEntry {
        digest: digest_in(row)?,
        spent: row.flag("spent")?,
    })
}

fn app_password_entry(row: &impl Columns) -> Result<AppPasswordEntry> {
    Ok(AppPasswordEntry {
        digest: digest_in(row)?,
        dialect: row.text("realm")?,
        label: row.text("label")?,
        made_at: moment(row.number("made_at")?),
        set_here: !row.flag("imported")?,
    })
}
