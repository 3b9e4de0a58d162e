//! The secrets of the configuration. Those in files are created at the first start.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use isogloss_core::{Pepper, Peppers, create_private_file};
use secrecy::{ExposeSecret as _, SecretString};
use tracing::{info, warn};

use crate::config;
use crate::jwt::{JwtSigner, KeyFiles};

/// Returns the peppers, which key the digests of tokens. Creates the file of the current one if it is missing.
/// Fails if a pepper is too short, or a file cannot be read or created.
pub(crate) fn peppers(settings: &config::Tokens) -> Result<Peppers> {
    Ok(Peppers {
        current: pepper(settings)?,
        previous: settings.read_previous_pepper()?,
    })
}

/// Returns the peppers for a command that runs next to a gateway. Fails if the current one is missing, one is too
/// short, or a file cannot be read.
pub(crate) fn existing_peppers(settings: &config::Tokens) -> Result<Peppers> {
    let current = settings.read_pepper()?.with_context(|| {
        missing(
            "tokens.pepper_file",
            &settings.pepper_file,
            "isogloss serve makes it at its first start",
        )
    })?;
    Ok(Peppers {
        current,
        previous: settings.read_previous_pepper()?,
    })
}

/// Returns the message that the file of the setting `key` does not exist, with its absolute path. `maker` names
/// the command that creates it.
pub(crate) fn missing(key: &str, file: &Path, maker: &str) -> String {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    format!(
        "{key}: no such file: {}; check the setting and --config ({maker})",
        file.display()
    )
}

/// Returns the pepper of the configuration or of its file, which is created if it is missing. Fails if the
/// pepper is too short, or the file cannot be read or created.
fn pepper(settings: &config::Tokens) -> Result<Pepper> {
    if let Some(pepper) = settings.read_pepper()? {
        return Ok(pepper);
    }
    let file = &settings.pepper_file;
    let pepper = create_secret(file).context("the pepper")?;
    warn!(
        file = %file.display(),
        "created a pepper: keep this file, and use it at every gateway of the same token store"
    );
    let pepper = Pepper::new(pepper.expose_secret().as_bytes());
    pepper.context("the pepper is too short")
}

/// Returns the signer of JWTs, or `None` if `jwt.enabled` is off. JWTs are valid for `max_age` at most, if it is not
/// zero. Creates the file of the secret if it is missing and the gateway makes keys itself. Fails if a secret is too
/// short, or a file cannot be read or created.
pub(crate) fn jwt_signer(
    settings: &config::Jwt,
    max_age: Duration,
) -> Result<Option<Arc<JwtSigner>>> {
    if !settings.enabled {
        return Ok(None);
    }
    let mut secrets = settings.read_secrets()?;
    if secrets.current.is_none() && !settings.made_algorithms().is_empty() {
        secrets.current = Some(jwt_secret(&settings.secret_file)?);
    }
    let files = KeyFiles::read(settings)?;
    let signer = JwtSigner::new(settings, &secrets, files, max_age);
    let algorithm = signer.algorithm().name();
    info!(algorithm, "issues JWTs");
    Ok(Some(Arc::new(signer)))
}

/// Creates the secret of JWTs in `file`, and logs that. Fails if the file cannot be written.
fn jwt_secret(file: &Path) -> Result<SecretString> {
    let secret = create_secret(file).context("the secret of JWTs")?;
    warn!(
        file = %file.display(),
        "created a JWT secret: keep this file, and use it at every gateway behind one host name"
    );
    Ok(secret)
}

/// Creates a secret of 32 random bytes, and the file that holds it. Fails if the file exists or cannot be
/// written, or the system has no random numbers.
fn create_secret(path: &Path) -> Result<SecretString> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("no random numbers")?;
    let secret = hex::encode(bytes);
    let write = || match create_private_file(path)? {
        Some(mut file) => {
            file.write_all(secret.as_bytes())?;
            file.sync_all()
        }
        None => Err(std::io::ErrorKind::AlreadyExists.into()),
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(secret.into())
}
