//! Codes of a second factor, as an authenticator app shows them.

use std::time::Duration;

use totp_rs::{Algorithm, Builder, Secret};

use crate::{Failure, Result, placeholder};

const STEP_SECONDS: u64 = 30;

/// Which code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// That of this moment.
    Present,
    /// The one before it, which hosts take from clocks that are slow.
    Before,
}

/// A code of a secret in base32: SHA-1, six digits, thirty seconds.
pub fn totp(secret: &str, step: Step) -> Result<String> {
    let secret = Secret::try_from_base32(secret)
        .map_err(|_| Failure::new(format!("`{secret}` is no base32")))?;
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(STEP_SECONDS)
        .with_secret(secret)
        .build_noncompliant();
    let at = match step {
        Step::Present => now(),
        Step::Before => now().saturating_sub(STEP_SECONDS),
    };
    Ok(totp.generate(at).to_string())
}

/// How long it takes until there is another code.
pub(crate) fn until_the_next() -> Duration {
    Duration::from_secs(STEP_SECONDS - now() % STEP_SECONDS)
}

fn now() -> u64 {
    u64::try_from(placeholder::now()).unwrap_or_default()
}
