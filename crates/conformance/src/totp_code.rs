//! Codes of a second factor, as an authenticator app shows them.

use std::time::Duration;

use totp_rs::{Algorithm, Builder, Secret};

use crate::{Error, Result, placeholder};

const STEP_SECONDS: u64 = 30;

/// Which code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeStep {
    /// That of this moment.
    Current,
    /// The one before it, which hosts take from clocks that are slow.
    Previous,
}

/// A code of a secret in base32: SHA-1, six digits, thirty seconds.
pub fn totp_code(secret: &str, step: TimeStep) -> Result<String> {
    let secret = Secret::try_from_base32(secret)
        .map_err(|_| Error::new(format!("`{secret}` is no base32")))?;
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

/// How long it takes until there is another code.
pub(crate) fn time_until_next_step() -> Duration {
    Duration::from_secs(STEP_SECONDS - now() % STEP_SECONDS)
}

fn now() -> u64 {
    u64::try_from(placeholder::now()).unwrap_or_default()
}
