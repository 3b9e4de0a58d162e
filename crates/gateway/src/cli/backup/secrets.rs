//! The secrets of the configuration: without the pepper no token, card or key of a backup works.

use std::path::Path;

use anyhow::Result;
use isogloss_core::{Existing, write_private_file};
use secrecy::{ExposeSecret as _, SecretString};

use crate::bootstrap::secrets::existing_peppers;
use crate::config::{Sections, read_secret};

/// File with the key of the digests of tokens.
pub(in crate::cli) const PEPPER: &str = "pepper";
pub(in crate::cli) const PREVIOUS_PEPPER: &str = "previous-pepper";
/// File with the secret that signs JWTs.
pub(in crate::cli) const JWT_SECRET: &str = "jwt-secret";
const PREVIOUS_JWT_SECRET: &str = "previous-jwt-secret";
pub(in crate::cli) const NEXT_JWT_SECRET: &str = "next-jwt-secret";

/// Writes each secret to a file of its own in `folder`, and returns the names of the files. Fails if there is
/// no pepper, or a file cannot be read or written.
pub(super) fn copy(folder: &Path, sections: &Sections) -> Result<Vec<String>> {
    existing_peppers(&sections.tokens)?;
    let (tokens, jwt) = (&sections.tokens, &sections.jwt);
    let secrets = [
        (
            PEPPER,
            "tokens.pepper_file",
            tokens.pepper.as_ref(),
            Some(tokens.pepper_file.as_path()),
        ),
        (
            PREVIOUS_PEPPER,
            "tokens.previous_pepper_file",
            tokens.previous_pepper.as_ref(),
            tokens.previous_pepper_file.as_deref(),
        ),
        (
            JWT_SECRET,
            "jwt.secret_file",
            jwt.secret.as_ref(),
            Some(jwt.secret_file.as_path()),
        ),
        (
            PREVIOUS_JWT_SECRET,
            "jwt.previous_secret_file",
            jwt.previous_secret.as_ref(),
            jwt.previous_secret_file.as_deref(),
        ),
        (
            NEXT_JWT_SECRET,
            "jwt.next_secret_file",
            jwt.next_secret.as_ref(),
            jwt.next_secret_file.as_deref(),
        ),
    ];
    let mut copied = Vec::new();
    for (name, key, value, file) in secrets {
        let Some(secret) = secret(value, key, file)? else {
            continue;
        };
        let bytes = secret.expose_secret().as_bytes();
        write_private_file(&folder.join(name), bytes, Existing::Keep)?;
        copied.push(name.to_owned());
    }
    Ok(copied)
}

/// Returns a secret from the configuration or from its file, or `None` if there is neither. Fails if the file
/// cannot be read.
fn secret(
    value: Option<&SecretString>,
    key: &str,
    file: Option<&Path>,
) -> Result<Option<SecretString>> {
    match (value, file) {
        (Some(value), _) => Ok(Some(value.clone())),
        (None, Some(file)) if file.exists() => Ok(Some(read_secret(key, file)?)),
        (None, _) => Ok(None),
    }
}
