//! TOTP codes of a second factor, as an authenticator app shows them.

use std::time::Duration;

use totp_rs::{Algorithm, Builder, Secret};

use crate::{Error, Result, placeholder};

const STEP_SECONDS: u64 = 30;

/// The time step of a TOTP code (RFC 6238).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeStep {
    /// The current step.
    Current,
    /// The previous step, which hosts accept because a clock may be slow.
    Previous,
}

/// Returns a TOTP code (RFC 6238) of a secret in Base32, with SHA-1, six digits and steps of 30 seconds.
///
/// # Errors
/// The secret is not Base32.
pub fn totp_code(secret: &str, step: TimeStep) -> Result<String> {
    let secret =
        Secret::try_from_base32(secret).map_err(|_| Error::new("the TOTP secret is not Base32"))?;
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(STEP_SECONDS)
        .with_secret(secret)
        .build_noncompliant();
    let at = match step {
        TimeStep::Current => now(),
        TimeStep::Previous => now().saturating_sub(STEP_SECONDS),
    };
    Ok(totp.generate(at).to_string())
}

/// Returns the time until the next code is valid.
pub(crate) fn time_until_next_step() -> Duration {
    Duration::from_secs(STEP_SECONDS - now() % STEP_SECONDS)
}

/// Returns the seconds since 1970.
fn now() -> u64 {
    u64::try_from(placeholder::now()).unwrap_or_default()
}
