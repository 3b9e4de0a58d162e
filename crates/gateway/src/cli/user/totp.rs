//! `isogloss user totp`: the second factor of one user.

mod enrol;
use anyhow::{Context as _, Result};
use clap::Subcommand;
use isogloss_core::audit::EventKind;
use isogloss_core::directory::Enrolment;
use isogloss_core::{RecoveryCode, TotpStep};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::totp::enrol::Enrol;
use super::{Outcome, UserArg, find, output, print_value};
use crate::cli::audited_admin::AuditedAdmin;

#[derive(Subcommand)]
pub(in crate::cli) enum Command {
    /// Switch the second factor on or replace it, and end the user's tokens
    #[command(after_help = "\
Shows a new secret for an authenticator app and prompts for a code. If the code is right, it switches
the second factor on, or replaces the previous one, and prints ten recovery codes. The user's tokens
end in every dialect, because they were issued without it.

With --json, there are two documents: the secret before the code is read, and the recovery codes after
it. With --unconfirmed, there is one.

Examples:
  isogloss user totp enrol ada
  isogloss user totp enrol ada --issuer 'Example Ltd' --no-qr
  isogloss user totp enrol ada --unconfirmed --json")]
    Enrol(Enrol),
    /// Switch the second factor off; recovery codes end, tokens stay valid
    #[command(after_help = "\
Examples:
  isogloss user totp disable ada")]
    Disable(UserArg),
    /// Create ten new recovery codes; the old ones end
    #[command(after_help = "\
Examples:
  isogloss user totp recovery-codes ada")]
    RecoveryCodes {
        #[command(flatten)]
        who: UserArg,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show whether it is on, its last use, and the number of unused recovery codes
    #[command(after_help = "\
Examples:
  isogloss user totp status ada --json")]
    Status {
        #[command(flatten)]
        who: UserArg,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: Command, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    match command {
        Command::Enrol(new) => enrol::enrol(new, admin).await,
        Command::Disable(who) => disable(&who, admin).await,
        Command::RecoveryCodes { who, json } => recovery_codes(&who, json, admin).await,
        Command::Status { who, json } => {
            let directory = admin.directory.as_ref();
            let Some(user) = find(directory, &who).await? else {
                return Ok(Outcome::Refused);
            };
            let enrolment = directory.enrolment(user.id).await?;
            print_value(&describe(enrolment.as_ref())?, json)?;
            Ok(Outcome::Done)
        }
    }
}

async fn disable(who: &UserArg, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let directory = admin.directory.as_ref();
    let Some(user) = find(directory, who).await? else {
        return Ok(Outcome::Refused);
    };
    let disabled = directory.disenrol(user.id);
    if !admin
        .change_user_if_needed(EventKind::DisableTotp, &user, disabled)
        .await?
    {
        return Ok(is_off(&user.user_name));
    }
    output::text(format_args!("{}: the second factor is off", user.user_name))?;
    Ok(Outcome::Done)
}

async fn recovery_codes(who: &UserArg, json: bool, admin: &AuditedAdmin<'_>) -> Result<Outcome> {
    let directory = admin.directory.as_ref();
    let Some(user) = find(directory, who).await? else {
        return Ok(Outcome::Refused);
    };
    let codes = fresh_codes()?;
    let digests: Vec<_> = codes.iter().map(RecoveryCode::digest).collect();
    let renewed = directory.set_recovery_codes(user.id, &digests);
    let kind = EventKind::RenewRecoveryCodes;
    if !admin.change_user_if_needed(kind, &user, renewed).await? {
        return Ok(is_off(&user.user_name));
    }
    output::warn_of_readers();
    if json {
        output::json(&json!({"recovery_codes": expose_all(&codes)}))?;
    } else {
        output::text(format_args!(
            "{}: the previous recovery codes have ended",
            user.user_name
        ))?;
        print(&codes)?;
    }
    Ok(Outcome::Done)
}

fn is_off(user_name: &str) -> Outcome {
    output::error(format_args!("{user_name}: the second factor is off"));
    Outcome::Refused
}

/// Returns new random recovery codes. Fails if the system has no random numbers.
pub(super) fn fresh_codes() -> Result<Vec<RecoveryCode>> {
    RecoveryCode::fresh_set().context("no random numbers")
}

/// Returns the texts of recovery codes.
pub(super) fn expose_all(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(RecoveryCode::expose).collect()
}

/// Prints recovery codes for people. Fails if the standard output cannot be written.
pub(super) fn print(codes: &[RecoveryCode]) -> Result<()> {
    output::lines(
        "Recovery codes, each valid once instead of a code. They are not shown again:\n",
    )?;
    for code in expose_all(codes) {
        output::text(format_args!("  {code}"))?;
    }
    Ok(())
}

/// Returns the state of a second factor for display; unknown values are left out. `None` means that it is off.
/// Fails if a timestamp is out of range.
pub(super) fn describe(enrolment: Option<&Enrolment>) -> Result<Value> {
    let Some(enrolment) = enrolment else {
        return Ok(json!({"state": "off"}));
    };
    let mut described = json!({
        "state": "on",
        "recovery_codes_left": enrolment.recovery_codes_left,
    });
    let last_used = enrolment.last_step.map(TotpStep::began_at);
    for (name, moment) in [("since", enrolment.since), ("last_used", last_used)] {
        if let Some(moment) = moment {
            described[name] = format_timestamp(moment)?.into();
        }
    }
    Ok(described)
}

/// Formats a timestamp as in RFC 3339. Fails if it is out of range.
pub(super) fn format_timestamp(moment: OffsetDateTime) -> Result<String> {
    moment.format(&Rfc3339).context("no such moment")
}
