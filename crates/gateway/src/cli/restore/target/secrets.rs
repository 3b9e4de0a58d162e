//! Compares the secrets of a backup with those of the configuration.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use isogloss_core::{Existing, Pepper, write_private_file};
use secrecy::{ExposeSecret as _, SecretString};

use super::Restored;
use crate::cli::backup::manifest::Manifest;
use crate::cli::backup::secrets::{JWT_SECRET, NEXT_JWT_SECRET, PEPPER, PREVIOUS_PEPPER};
use crate::config::{Sections, read_secret};

/// Secrets that will be written, and warnings.
#[derive(Default)]
pub(super) struct Secrets {
    missing: Vec<(PathBuf, SecretString)>,
    warnings: Vec<String>,
}

impl Secrets {
    /// Compares the secrets of the backup with those of the configuration. Fails if the peppers differ, because
    /// no token, card or key of the backup would work, or if a secret cannot be read.
    pub(super) fn compare(folder: &Path, manifest: &Manifest, sections: &Sections) -> Result<Self> {
        let read = |name: &str| {
            let secret = manifest
                .has(name)
                .then(|| read_secret(name, &folder.join(name)));
            secret.transpose()
        };
        let mut secrets = Self::default();
        secrets.compare_peppers(read(PEPPER)?, read(PREVIOUS_PEPPER)?, sections)?;
        secrets.compare_jwt_secrets(read(JWT_SECRET)?, read(NEXT_JWT_SECRET)?, sections)?;
        Ok(secrets)
    }

    /// Compares the peppers of the backup with those of the configuration. If the configuration has no pepper, the
    /// one of the backup is written later; other differences that do not prevent the restore are warnings. Fails if
    /// the configuration has a pepper but not that of the backup, or a pepper cannot be read.
    fn compare_peppers(
        &mut self,
        pepper: Option<SecretString>,
        previous: Option<SecretString>,
        sections: &Sections,
    ) -> Result<()> {
        let tokens = &sections.tokens;
        let current = tokens.read_pepper()?;
        let known: Vec<_> = [
            current.as_ref().map(mark),
            tokens.read_previous_pepper()?.as_ref().map(mark),
        ]
        .into_iter()
        .flatten()
        .collect();
        let is_known = |secret: &SecretString| {
            let pepper = Pepper::new(secret.expose_secret().as_bytes());
            pepper.is_some_and(|pepper| known.contains(&mark(&pepper)))
        };
        match pepper {
            None => self.warn("the backup contains no pepper: its tokens, cards and keys work only with the pepper of that time"),
            Some(pepper) if current.is_none() => {
                self.missing.push((tokens.pepper_file.clone(), pepper));
            }
            Some(pepper) if !is_known(&pepper) => bail!(
                "the pepper of the configuration differs from the backup's, so no token, card or key of \
                 the backup would work: set tokens.pepper_file to a new file, to which the backup's pepper is \
                 written, or set tokens.previous_pepper_file to the file {PEPPER} of the backup"
            ),
            Some(_) => {}
        }
        if previous.is_some_and(|previous| !is_known(&previous)) {
            self.warn(
                "the backup has a previous pepper, which is not configured here: set \
                 tokens.previous_pepper_file to a copy of its file previous-pepper, or tokens under it are refused",
            );
        }
        Ok(())
    }

    /// Compares the JWT secrets; a difference is only a warning. Fails if a secret cannot be read.
    fn compare_jwt_secrets(
        &mut self,
        secret: Option<SecretString>,
        next: Option<SecretString>,
        sections: &Sections,
    ) -> Result<()> {
        let here = sections.jwt.read_secrets()?;
        let is_known = |next: &SecretString| {
            let mut known = [&here.current, &here.next].into_iter().flatten();
            known.any(|known| known.expose_secret() == next.expose_secret())
        };
        if next.is_some_and(|next| !is_known(&next)) {
            self.warn(
                "the backup has a next JWT secret, which is not configured here: set jwt.next_secret_file to a copy \
                 of its file next-jwt-secret",
            );
        }
        let Some(secret) = secret else { return Ok(()) };
        match here.current {
            None => self
                .missing
                .push((sections.jwt.secret_file.clone(), secret)),
            Some(here) if here.expose_secret() != secret.expose_secret() => {
                self.warn("the JWT secret differs from the backup's and was not replaced");
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn warn(&mut self, text: &str) {
        self.warnings.push(text.to_owned());
    }

    /// Writes the secrets that the configuration has no file for yet, and adds files and warnings to
    /// `restored`. Fails if a file cannot be written.
    pub(super) fn write(&self, restored: &mut Restored) -> Result<()> {
        for (file, secret) in &self.missing {
            write_private_file(file, secret.expose_secret().as_bytes(), Existing::Keep)
                .with_context(|| format!("cannot write {}", file.display()))?;
            restored.written.push(file.clone());
        }
        restored.warnings.extend(self.warnings.iter().cloned());
        Ok(())
    }
}

/// Returns a fingerprint by which peppers can be compared.
fn mark(pepper: &Pepper) -> [u8; 32] {
    pepper.fingerprint(b"backup")
}
