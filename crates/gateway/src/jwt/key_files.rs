//! Keys that the gateway does not make itself: `jwt.key_files` and `jwt.next_key_files`.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use zeroize::Zeroizing;

use super::key::SigningKey;
use super::public_key::PublicKey;
use crate::config::{ConfigError, Jwt};

/// The keys of all files.
#[derive(Default)]
pub(crate) struct KeyFiles {
    /// Key pairs, the one that signs first.
    pub(super) pairs: Vec<Arc<SigningKey>>,
    /// Public keys that are only published.
    pub(super) next: Vec<Arc<PublicKey>>,
}

impl KeyFiles {
    /// Reads the files that the settings name. Fails if one cannot be read, its key cannot be used, or the key that
    /// signs is not of `jwt.algorithm`.
    pub(crate) fn read(settings: &Jwt) -> Result<Self, ConfigError> {
        const KEY: &str = "jwt.key_files";
        let files = settings.key_files.iter();
        let pairs: Vec<_> = files
            .map(|file| pair(KEY, file))
            .collect::<Result<_, _>>()?;
        let wanted = settings.algorithm;
        if let (Some(first), Some(file)) = (pairs.first(), settings.key_files.first())
            && first.public().algorithm() != wanted
        {
            let (file, wanted) = (file.display(), wanted.name());
            let reason =
                format!("{file}: expected a key of jwt.algorithm, {wanted}: this key signs");
            return Err(ConfigError::new(KEY, reason));
        }
        let next = settings.next_key_files.iter();
        let next = next.map(|file| public("jwt.next_key_files", file));
        let next = next.collect::<Result<_, _>>()?;
        Ok(Self { pairs, next })
    }
}

/// Returns the key pair of a file that the setting `key` names. Fails if the file cannot be read or its key cannot be
/// used.
fn pair(key: &str, file: &Path) -> Result<Arc<SigningKey>, ConfigError> {
    let content = content(key, file)?;
    let der = PrivateKeyDer::from_pem_slice(&content)
        .map_err(|error| unreadable(key, file, &error, "private key"))?;
    let pair = SigningKey::from_der(&der);
    let pair = pair.map_err(|error| problem(key, file, &error.to_string()))?;
    Ok(Arc::new(pair))
}

/// Returns the public key of a file, which has that or the private key. Fails if the file cannot be read or its key
/// cannot be used.
fn public(key: &str, file: &Path) -> Result<Arc<PublicKey>, ConfigError> {
    let content = content(key, file)?;
    match SubjectPublicKeyInfoDer::from_pem_slice(&content) {
        Ok(der) => {
            let public = PublicKey::from_spki(&der);
            let public = public.map_err(|error| problem(key, file, &error.to_string()))?;
            Ok(Arc::new(public))
        }
        Err(pem::Error::NoItemsFound) => Ok(Arc::clone(pair(key, file)?.public())),
        Err(error) => Err(unreadable(key, file, &error, "public or private key")),
    }
}

/// Returns the bytes of a file. Fails if the path is empty or the file cannot be read.
fn content(key: &str, file: &Path) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    if file.as_os_str().is_empty() {
        return Err(ConfigError::new(key, "expected paths of files in PEM"));
    }
    let content = std::fs::read(file);
    let content = content.map_err(|error| problem(key, file, &error.to_string()))?;
    Ok(Zeroizing::new(content))
}

/// Returns the error for a file that is not PEM. It leaves out the parser's message, which quotes the file.
fn unreadable(key: &str, file: &Path, error: &pem::Error, what: &str) -> ConfigError {
    let reason = if matches!(error, pem::Error::NoItemsFound) {
        format!("expected a {what} in PEM, without a password")
    } else {
        format!("is not PEM, expected a {what}")
    };
    problem(key, file, &reason)
}

fn problem(key: &str, file: &Path, reason: &str) -> ConfigError {
    ConfigError::new(key, format!("{}: {reason}", file.display()))
}
