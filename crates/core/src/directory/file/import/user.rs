//! Checks the users of a directory file.

use isogloss_password::Passwords;
use secrecy::{ExposeSecret, SecretString};

use super::super::{FileError, NewCard, NewUser};
use super::entries::to_the_second;
use super::link::link;
use crate::directory::origin::{Attribute, Attributes, Value};
use crate::directory::rules;
use crate::directory::snapshot::NO_PASSWORD;
use crate::directory::wanted::{Secret, WantedCard, WantedUser};
use crate::directory::{AppPasswordEntry, KeyDigest, RecoveryCodeEntry, RevokedEntry};
use crate::names::tidy;
use crate::totp::TotpSecret;

/// Checks a user's entry, without comparing it with the directory, and returns it as it should be stored. Fails if
/// one of its values is invalid.
pub(super) fn check_user(
    mut user: NewUser,
    passwords: &Passwords,
) -> Result<WantedUser, FileError> {
    let entry = format!("user {}", user.user_name);
    let password = password(&entry, &mut user, passwords)?;
    let link = link(&user).map_err(|reason| wrong(&user, reason))?;
    let totp_secret = totp_secret(&user)?;
    let recovery_codes = recovery_codes(&user)?;
    let app_passwords = app_passwords(&user)?;
    let replaced = user.replaced_hashes.iter();
    let replaced_hashes = replaced
        .map(|hex| digest(&user, "replaced hash", hex))
        .collect::<Result<_, _>>()?;
    let exempt = user.grandfathered;
    let access_cards = match user.access_cards.take() {
        None => None,
        Some(cards) => {
            let cards = cards.into_iter();
            let cards = cards.map(|card| {
                let identifier = card_identifier(card.identifier.as_deref(), exempt);
                let refused = |reason| FileError::Entry {
                    entry: format!("{entry}, access card"),
                    reason,
                };
                let identifier = identifier.map_err(refused)?;
                check_card(&entry, NewCard { identifier, ..card }, passwords)
            });
            Some(cards.collect::<Result<_, _>>()?)
        }
    };
    let revoked_app_passwords = user.revoked_app_passwords.iter().map(|one| RevokedEntry {
        digest: one.digest,
        revoked_at: to_the_second(one.revoked_at),
    });
    Ok(WantedUser {
        id: user.id,
        attributes: attributes(&user)?,
        disabled: user.disabled,
        password,
        link,
        accepted_at: user.accepted_at.map(to_the_second),
        last_login_at: user.last_login_at.map(to_the_second),
        replaced_hashes,
        generation: user.generation.map_or(0, i64::from),
        grandfathered: user.grandfathered,
        totp_secret,
        recovery_codes,
        app_passwords,
        revoked_app_passwords: revoked_app_passwords.collect(),
        access_cards,
        user_name: user.user_name,
        set_here: user.set_here,
        imported: user.imported,
    })
}

/// Returns the attributes that the file sets, in their stored form, except for the organisation's name: an older
/// release may have stored it as it is written. Fails if the role is unknown or the language is no tag.
fn attributes(user: &NewUser) -> Result<Attributes, FileError> {
    let role = user.role.as_deref().unwrap_or_default();
    let role = rules::role(role).map_err(|reason| wrong(user, reason))?;
    let language = user.language.as_deref().map(rules::stored_language);
    let language = language.transpose().map_err(|reason| wrong(user, reason))?;
    let tidy = |text: &String| {
        if user.grandfathered {
            text.clone()
        } else {
            tidy(text)
        }
    };
    let text = |text: &Option<String>| text.as_ref().map(tidy).map(Value::Text);
    let units = user.units.as_ref().map(|units| {
        let exempt = user.grandfathered;
        Value::List(if exempt {
            units.clone()
        } else {
            rules::tidy_units(units)
        })
    });
    let name = Value::Text(tidy(&user.user_name));
    let all = [
        (Attribute::Number, user.number.map(Value::Number)),
        (Attribute::UserName, Some(name)),
        (Attribute::Email, text(&user.email)),
        (Attribute::FirstName, text(&user.first_name)),
        (Attribute::LastName, text(&user.last_name)),
        (Attribute::ImageUrl, text(&user.image_url)),
        (Attribute::Language, language.map(Value::Text)),
        (
            Attribute::Role,
            role.map(|role| Value::Text(role.name().to_owned())),
        ),
        (
            Attribute::Organisation,
            user.organisation.clone().map(Value::Text),
        ),
        (Attribute::DefaultUnit, text(&user.default_unit)),
        (Attribute::Units, units),
    ];
    let said = all.into_iter();
    Ok(said
        .filter_map(|(attribute, value)| Some((attribute, value?)))
        .collect())
}

/// Returns the TOTP secret in its stored form; an empty text if the second factor should be switched off, and
/// `None` if the file does not set the secret. Fails if the secret is not base32.
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

fn recovery_codes(user: &NewUser) -> Result<Option<Vec<RecoveryCodeEntry>>, FileError> {
    let Some(codes) = &user.recovery_codes else {
        return Ok(None);
    };
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
        let label = if user.grandfathered {
            password.label.clone()
        } else {
            rules::tidy_stored_label(&password.label).map_err(|reason| wrong(user, reason))?
        };
        Ok(AppPasswordEntry {
            digest: digest(user, "application password", &password.digest)?,
            dialect: password.dialect.clone(),
            label,
            made_at: to_the_second(password.made_at),
            set_here: password.set_here,
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

/// Returns the password; `None` if none is given. That of a user without a password is an empty hash. Fails like
/// [`secret`].
fn password(
    entry: &str,
    user: &mut NewUser,
    passwords: &Passwords,
) -> Result<Option<Secret>, FileError> {
    let given = (user.password.take(), user.password_hash.take());
    let is_none = match &given {
        (Some(clear), None) => clear.expose_secret() == NO_PASSWORD,
        (None, Some(hash)) => hash == NO_PASSWORD,
        (None, None) | (Some(_), Some(_)) => false,
    };
    if is_none {
        return Ok(Some(Secret::Hash(String::new())));
    }
    secret(entry, "password", given, passwords)
}

/// Returns the password or pass code; `None` if none is given. Fails if both the clear text and a hash are given,
/// or if the hash is not one that [`Passwords::check_hash`] accepts.
fn secret(
    entry: &str,
    field: &str,
    given: (Option<SecretString>, Option<String>),
    passwords: &Passwords,
) -> Result<Option<Secret>, FileError> {
    let wrong = |reason: String| FileError::Entry {
        entry: entry.to_owned(),
        reason,
    };
    match given {
        (Some(_), Some(_)) => Err(wrong(format!("has both {field} and {field}_hash"))),
        (None, Some(hash)) => match passwords.check_hash(&hash) {
            Ok(()) => Ok(Some(Secret::Hash(hash))),
            Err(reason) => Err(wrong(format!("{field}_hash {reason}"))),
        },
        (Some(clear), None) => Ok(Some(Secret::Clear(clear))),
        (None, None) => Ok(None),
    }
}

/// Returns the identifier of a card in its stored form; `None` if it is absent or empty. Fails with a reason if
/// the identifier breaks the rules for names. With `exempt`, returns any identifier as it is, even an empty one.
fn card_identifier(identifier: Option<&str>, exempt: bool) -> Result<Option<String>, String> {
    if exempt {
        return Ok(identifier.map(str::to_owned));
    }
    let identifier = rules::tidy_if_any(identifier);
    if let Some(identifier) = &identifier {
        rules::check_name("the identifier", identifier)?;
    }
    Ok(identifier)
}

fn check_card(entry: &str, card: NewCard, passwords: &Passwords) -> Result<WantedCard, FileError> {
    let wrong = |reason: &str| FileError::Entry {
        entry: format!("{entry}, access card"),
        reason: reason.to_owned(),
    };
    let code_digest = match (card.code, card.code_digest) {
        (Some(code), None) => Some(KeyDigest::of(code.expose_secret())),
        (None, Some(digest)) => Some(
            KeyDigest::parse(&digest)
                .map_err(|_| wrong("code_digest is not 64 hexadecimal digits"))?,
        ),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(wrong("has both code and code_digest")),
    };
    let given = (card.pass_code, card.pass_code_hash);
    Ok(WantedCard {
        code_digest,
        identifier: card.identifier,
        pass_code: secret(entry, "pass_code", given, passwords)?,
        effective: card.effective,
    })
}

fn wrong(user: &NewUser, reason: impl Into<String>) -> FileError {
    FileError::Entry {
        entry: format!("user {}", user.user_name),
        reason: reason.into(),
    }
}
