//! Tries authorities step by step, for operators.

use std::time::Duration;

use isogloss_core::authority::CheckStep;
use secrecy::SecretString;

use crate::config::{ConfigError, ConfiguredAuthority};

/// How long a check of one authority may take, which may try several servers one after the other.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);

/// A login to try, with its password if that is judged, too.
pub(crate) struct TriedLogin<'a> {
    pub(crate) name: &'a str,
    pub(crate) password: Option<&'a SecretString>,
}

/// Tries the authority with that number in the configuration, and returns what each step found. Fails if it cannot be built
/// from its settings.
pub(crate) async fn run(
    index: usize,
    authority: &ConfiguredAuthority,
    login: Option<TriedLogin<'_>>,
) -> Result<Vec<CheckStep>, ConfigError> {
    let opened = authority.open(&format!("authorities[{index}]"))?;
    let name = login.as_ref().map(|login| login.name);
    let password = login.as_ref().and_then(|login| login.password);
    Ok(opened.check(name, password).await)
}
