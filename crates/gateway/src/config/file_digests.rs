//! Digests of files that settings name: a reload compares the contents, too.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::slice;

use ring::digest::{self, SHA256};

use super::{ConfiguredAuthority, Sections};

/// The key of all files that authorities name.
pub(crate) const AUTHORITIES: &str = "authorities";

/// Digests of files, by the key that names each; `None` for a file that cannot be read.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct FileDigests(BTreeMap<&'static str, Option<Vec<u8>>>);

impl Sections {
    /// Returns the digests of the files that are read only at the start. Left out are files that every reload
    /// reads again: certificates of listeners, the address of the mail server, the directory file.
    pub(crate) fn file_digests(&self) -> FileDigests {
        let (tokens, directory, jwt) = (&self.tokens, &self.directory, &self.jwt);
        let pepper = Some(&tokens.pepper_file).filter(|_| tokens.pepper.is_none());
        let previous = tokens.previous_pepper_file.as_ref();
        let secret = Some(&jwt.secret_file).filter(|_| jwt.enabled && jwt.secret.is_none());
        let (previous_secret, next_secret) = (&jwt.previous_secret_file, &jwt.next_secret_file);
        let previous_secret = previous_secret
            .as_ref()
            .filter(|_| jwt.enabled && jwt.previous_secret.is_none());
        let next_secret = next_secret
            .as_ref()
            .filter(|_| jwt.enabled && jwt.next_secret.is_none());
        let files: [(_, Option<&PathBuf>); 9] = [
            ("tokens.store_file", tokens.store_file.as_ref()),
            ("tokens.redis_ca_file", tokens.redis_ca_file.as_ref()),
            ("tokens.pepper_file", pepper),
            (
                "tokens.previous_pepper_file",
                previous.filter(|_| tokens.previous_pepper.is_none()),
            ),
            ("directory.url_file", directory.url_file.as_ref()),
            ("directory.ca_file", directory.ca_file.as_ref()),
            ("jwt.secret_file", secret),
            ("jwt.previous_secret_file", previous_secret),
            ("jwt.next_secret_file", next_secret),
        ];
        let files = files.into_iter();
        let named = files.filter_map(|(key, file)| Some((key, digest_of(slice::from_ref(file?)))));
        let lists = [
            ("jwt.key_files", &jwt.key_files),
            ("jwt.next_key_files", &jwt.next_key_files),
        ];
        let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
        let lists = lists.map(|(key, list)| (key, digest_of(list)));
        let files = self.authorities.iter().flat_map(ConfiguredAuthority::files);
        let files: Vec<_> = files.cloned().collect();
        let authorities = Some((AUTHORITIES, digest_of(&files))).filter(|_| !files.is_empty());
        FileDigests(named.chain(lists).chain(authorities).collect())
    }
}

/// Returns the digest of the contents of files, or `None` if one cannot be read.
fn digest_of(files: &[PathBuf]) -> Option<Vec<u8>> {
    let mut all = digest::Context::new(&SHA256);
    for file in files {
        all.update(digest::digest(&SHA256, &fs::read(file).ok()?).as_ref());
    }
    Some(all.finish().as_ref().to_vec())
}

impl FileDigests {
    /// Returns the keys whose files differ in contents. A key that only one side has is left out: the settings
    /// differ then.
    pub(crate) fn difference(&self, other: &Self) -> Vec<&'static str> {
        let both = self.0.iter().filter(|(key, digest)| {
            let other = other.0.get(*key);
            other.is_some_and(|other| other != *digest)
        });
        both.map(|(key, _)| *key).collect()
    }

    /// Adds the digests in `now` of files that had no digest before, such as the pepper and the secret of JWTs, which
    /// the gateway may have created since. Digests that are already known stay.
    pub(crate) fn add_created(&mut self, now: Self) {
        for (key, digest) in now.0 {
            let known = self.0.entry(key).or_default();
            *known = known.take().or(digest);
        }
    }

    /// Replaces the digests of `keys` with those of `other`, and removes the ones that `other` does not have.
    pub(crate) fn adopt(&mut self, keys: &[&'static str], other: &Self) {
        for key in keys {
            match other.0.get(key) {
                Some(digest) => self.0.insert(key, digest.clone()),
                None => self.0.remove(key),
            };
        }
    }
}
