//! From a user as written to a user as stored.

use secrecy::ExposeSecret;
use uuid::Uuid;

use super::super::{FileError, NewCard, NewUser};
use super::context::Context;
use super::secret::{Secret, seal_secret};
use crate::directory::desk::unprintable;
use crate::directory::{
    AppPasswordEntry, CardEntry, KeyDigest, RecoveryCodeEntry, UserEntry, login_form,
};
use crate::password::Passwords;
use crate::totp::TotpSecret;
use crate::user::Role;

pub(super) async fn seal_user(
    mut user: NewUser,
    number: i64,
    context: &Context<'_>,
    passwords: &Passwords,
) -> Result<UserEntry, FileError> {
    let known = context.known(&user);
    if login_form(&user.user_name).is_empty() {
        return Err(wrong(&user, "the user name is empty"));
    }
    if let Some(reason) = unprintable(&user.user_name) {
        return Err(wrong(&user, format!("the user name {reason}")));
    }
    if let Some(reason) = user.email.as_deref().and_then(unprintable) {
        return Err(wrong(&user, format!("the e-mail address {reason}")));
    }
    let Some(units) = context.units.get(user.organisation.as_str()) else {
        return Err(wrong(
            &user,
            format!("there is no organisation {}", user.organisation),
        ));
    };
    let unknown_unit = user
        .units
        .iter()
        .chain(&user.default_unit)
        .find(|unit| !units.contains(unit.as_str()));
    if let Some(unit) = unknown_unit {
        return Err(wrong(
            &user,
            format!("{} has no unit {unit}", user.organisation),
        ));
    }
    let role = role(&user)?;
    let totp_secret = totp_secret(&user)?;
    let recovery_codes = recovery_codes(&user, known)?;
    let app_passwords = app_passwords(&user)?;
    let entry = format!("user {}", user.user_name);
    let secret = Secret {
        clear: user.password.take(),
        hashed: user.password_hash.take(),
        known: known.map(|known| known.password_hash.as_str()),
    };
    let password_hash = seal_secret(&entry, "password", secret, passwords).await?;
    let mut access_cards = Vec::new();
    for card in std::mem::take(&mut user.access_cards) {
        let known = known.map_or(&[][..], |known| &known.access_cards);
        access_cards.push(seal_card(&entry, card, known, passwords).await?);
    }
    access_cards.sort();
    user.units.sort();
    Ok(UserEntry {
        id: user
            .id
            .or(known.map(|known| known.id))
            .unwrap_or_else(Uuid::new_v4),
        number,
        user_name: user.user_name.trim().to_owned(),
        email: user.email,
        first_name: user.first_name,
        last_name: user.last_name,
        image_url: user.image_url,
        role,
        organisation: user.organisation,
        default_unit: user.default_unit,
        units: user.units,
        disabled: user.disabled,
        password_hash,
        replaced_hashes: Vec::new(),
        generation: user.generation.map_or(0, i64::from),
        totp_secret,
        recovery_codes,
        app_passwords,
        access_cards,
    })
}

fn role(user: &NewUser) -> Result<Role, FileError> {
    match user.role.as_deref().map(Role::from_name) {
        None => Ok(Role::default()),
        Some(Some(role)) => Ok(role),
        Some(None) => {
            let names = Role::ALL.map(Role::name).join(", ");
            Err(wrong(user, format!("the role is none of {names}")))
        }
    }
}

/// An empty text, which switches it off, stays one.
fn totp_secret(user: &NewUser) -> Result<Option<String>, FileError> {
    let Some(text) = user.totp_secret.as_ref().map(ExposeSecret::expose_secret) else {
        return Ok(None);
    };
    if text.trim().is_empty() {
        return Ok(Some(String::new()));
    }
    let secret = TotpSecret::from_base32(text);
    let secret = secret.ok_or_else(|| wrong(user, "the TOTP secret is not base32"))?;
    Ok(Some(secret.expose().to_owned()))
}

fn recovery_codes(
    user: &NewUser,
    known: Option<&UserEntry>,
) -> Result<Option<Vec<RecoveryCodeEntry>>, FileError> {
    let Some(codes) = &user.recovery_codes else {
        return Ok(None);
    };
    let is_on = match &user.totp_secret {
        Some(secret) => !secret.expose_secret().trim().is_empty(),
        None => known.is_some_and(|known| known.totp_secret.is_some()),
    };
    if !codes.is_empty() && !is_on {
        return Err(wrong(user, "recovery codes need a TOTP secret"));
    }
    let codes = codes.iter().map(|code| {
        Ok(RecoveryCodeEntry {
            digest: digest(user, "recovery code", &code.digest)?,
            spent: code.spent,
        })
    });
    codes.collect::<Result<_, _>>().map(Some)
}

fn app_passwords(user: &NewUser) -> Result<Option<Vec<AppPasswordEntry>>, FileError> {
    let Some(passwords) = &user.app_passwords else {
        return Ok(None);
    };
    let passwords = passwords.iter().map(|password| {
        Ok(AppPasswordEntry {
            digest: digest(user, "application password", &password.digest)?,
            dialect: password.dialect.clone(),
            label: password.label.clone(),
            made_at: password.made_at,
        })
    });
    passwords.collect::<Result<_, _>>().map(Some)
}

fn digest(user: &NewUser, what: &str, hex: &str) -> Result<KeyDigest, FileError> {
    let wrong = || FileError::Entry {
        entry: format!("user {}, {what}", user.user_name),
        reason: "digest is not 64 hexadecimal digits".to_owned(),
    };
    KeyDigest::from_hex(hex).ok_or_else(wrong)
}

async fn seal_card(
    entry: &str,
    card: NewCard,
    known: &[CardEntry],
    passwords: &Passwords,
) -> Result<CardEntry, FileError> {
    let wrong = |reason: &str| FileError::Entry {
        entry: format!("{entry}, access card"),
        reason: reason.to_owned(),
    };
    let code_digest = match (card.code, card.code_digest) {
        (Some(code), None) => Some(KeyDigest::of(code.expose_secret())),
        (None, Some(digest)) => Some(
            KeyDigest::read(&digest)
                .map_err(|_| wrong("code_digest is not 64 hexadecimal digits"))?,
        ),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(wrong("has both code and code_digest")),
    };
    let pass_code_hash = if card.identifier.is_some() {
        let secret = Secret {
            clear: card.pass_code,
            hashed: card.pass_code_hash,
            known: known
                .iter()
                .find(|known| known.identifier == card.identifier)
                .and_then(|known| known.pass_code_hash.as_deref()),
        };
        Some(seal_secret(entry, "pass_code", secret, passwords).await?)
    } else if card.pass_code.is_some() || card.pass_code_hash.is_some() {
        return Err(wrong("a pass code needs an identifier"));
    } else {
        None
    };
    if code_digest.is_none() && card.identifier.is_none() {
        return Err(wrong("needs a code, or an identifier with a pass code"));
    }
    Ok(CardEntry {
        code_digest,
        identifier: card.identifier,
        pass_code_hash,
        effective: card.effective,
    })
}

pub(super) fn wrong(user: &NewUser, reason: impl Into<String>) -> FileError {
    FileError::Entry {
        entry: format!("user {}", user.user_name),
        reason: reason.into(),
    }
}
