//! `isogloss user totp enrol`: prints a secret, confirms it with a code, and prints recovery codes.

use anyhow::{Context as _, Result};
use clap::Args;
use isogloss_core::audit::EventKind;
use isogloss_core::directory::NewEnrolment;
use isogloss_core::{Clock as _, RecoveryCode, SystemClock, TotpSecret, TotpStep, User};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{expose_all, fresh_codes, print};
use crate::cli::audited_admin::AuditedAdmin;
use crate::cli::user::password_input::{first_line, prompt};
use crate::cli::user::{Outcome, UserArg, end_tokens, find, output};
use crate::otpauth;

/// How often a code may be mistyped at the prompt.
const TRIES: usize = 3;

#[derive(Args)]
pub(in crate::cli) struct Enrol {
    #[command(flatten)]
    who: UserArg,
    /// Issuer that the authenticator app shows
    #[arg(long, default_value = "Isogloss")]
    issuer: String,
    #[command(flatten)]
    confirmation: ConfirmationArgs,
    #[command(flatten)]
    shape: OutputArgs,
}

#[derive(Args)]
struct ConfirmationArgs {
    /// Read the confirming code from the standard input
    #[arg(long)]
    code_stdin: bool,
    /// Switch it on without a code, if the user is not present
    #[arg(long, conflicts_with = "code_stdin")]
    unconfirmed: bool,
}

#[derive(Args)]
struct OutputArgs {
    /// Do not print the QR code
    #[arg(long)]
    no_qr: bool,
    /// Print JSON, without the QR code
    #[arg(long)]
    json: bool,
}

pub(super) async fn enrol(new: Enrol, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let directory = admin.directory.as_ref();
    let Some(user) = find(directory, &new.who).await? else {
        return Ok(Outcome::Refused);
    };
    let secret = TotpSecret::random().context("no random numbers")?;
    let url = otpauth::url(&new.issuer, &user, &secret);
    let codes = fresh_codes()?;
    output::warn_of_readers();
    let mut confirmed = None;
    if !new.confirmation.unconfirmed {
        if new.shape.json {
            output::json(&json!({"url": url, "secret": secret.expose()}))?;
        } else {
            show(&user, &url, &secret, &new.shape)?;
        }
        confirmed = confirm(&secret, &new.confirmation)?;
        if confirmed.is_none() {
            let name = &user.user_name;
            output::error(format_args!(
                "{name}: the code does not match the secret: nothing has changed"
            ));
            return Ok(Outcome::Refused);
        }
    }
    let enrolment = NewEnrolment {
        secret,
        confirmed,
        recovery_codes: codes.iter().map(RecoveryCode::digest).collect(),
        since: SystemClock.now(),
    };
    let enrolled = directory.enrol(user.id, &enrolment);
    admin
        .change_user(EventKind::EnrolTotp, &user, enrolled)
        .await?;
    end_tokens(&user, admin.sections).await?;
    done(&new, &user, &url, &enrolment.secret, &codes)?;
    Ok(Outcome::Done)
}

/// Returns the time step of a correct code that the user types, or `None` if the code is wrong; at a prompt,
/// after [`TRIES`] attempts. Fails if no code can be read.
fn confirm(secret: &TotpSecret, how: &ConfirmationArgs) -> Result<Option<TotpStep>> {
    if how.code_stdin {
        return Ok(secret.step(first_line()?.expose_secret(), SystemClock.now()));
    }
    for _ in 0..TRIES {
        let code = prompt("Code: ", "--code-stdin")?;
        let step = secret.step(code.expose_secret(), SystemClock.now());
        if step.is_some() {
            return Ok(step);
        }
    }
    Ok(None)
}

fn show(user: &User, url: &str, secret: &TotpSecret, shape: &OutputArgs) -> Result<()> {
    let name = &user.user_name;
    output::text(format_args!(
        "{name}: scan or enter this in an authenticator app"
    ))?;
    output::text("")?;
    if !shape.no_qr {
        output::lines(format_args!("{}\n", picture(url)?))?;
    }
    output::lines(format_args!("{url}\n\nSecret: {}\n", secret.expose()))
}

fn done(
    new: &Enrol,
    user: &User,
    url: &str,
    secret: &TotpSecret,
    codes: &[RecoveryCode],
) -> Result<()> {
    let unconfirmed = new.confirmation.unconfirmed;
    if new.shape.json {
        let mut document = json!({"recovery_codes": expose_all(codes)});
        if unconfirmed {
            document["url"] = url.into();
            document["secret"] = secret.expose().into();
        }
        return output::json(&document);
    }
    if unconfirmed {
        show(user, url, secret, &new.shape)?;
    }
    let name = &user.user_name;
    output::text(format_args!(
        "{name}: the second factor is on; the user's tokens have ended"
    ))?;
    print(codes)
}

/// Returns the QR code of a URL as text: light on dark, as most terminals are; scanners also read it on light
/// ones. Fails if the URL is too long for a QR code.
fn picture(url: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(url, EcLevel::L).context("no QR code")?;
    let picture = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    Ok(picture)
}
