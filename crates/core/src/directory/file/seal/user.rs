//! From a user as written to a user as stored.

use secrecy::ExposeSecret;
use uuid::Uuid;

use super::super::{FileError, NewCard, NewUser};
use super::context::Context;
use super::secret::{Secret, seal_secret};
use crate::directory::{CardEntry, KeyDigest, UserEntry, login_form};
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
    let role = match user.role.as_deref().map(Role::from_name) {
        None => Role::default(),
        Some(Some(role)) => role,
        Some(None) => {
            let names = Role::ALL.map(Role::name).join(", ");
            return Err(wrong(&user, format!("the role is none of {names}")));
        }
    };
    let totp_secret = match &user.totp_secret {
        None => None,
        Some(secret) => match TotpSecret::from_base32(secret.expose_secret()) {
            Some(secret) => Some(secret.expose().to_owned()),
            None => return Err(wrong(&user, "the TOTP secret is not base32")),
        },
    };
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
        totp_secret,
        access_cards,
    })
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
            KeyDigest::from_hex(&digest)
                .ok_or_else(|| wrong("code_digest is not 64 hexadecimal digits"))?,
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
