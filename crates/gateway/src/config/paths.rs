//! Relative paths: each is relative to the folder of its configuration file.

use std::borrow::Cow;
use std::path::Path;

use ::config::{Map, Value, ValueKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};

use super::legacy_path::{LegacyPath, refuse_legacy_path};
use super::{ConfigError, Sections, key};

/// Settings that hold a path and are not called `…_file`.
const PATHS: [&str; 2] = ["directory.import", "account.templates"];

/// Settings that hold a list of paths.
const LISTS: [&str; 2] = ["jwt.key_files", "jwt.next_key_files"];

/// Settings that hold an address, which may have a path in it.
const ADDRESSES: [&str; 5] = [
    "tokens.store",
    "directory.url",
    "mail.transport",
    "audit.to",
    "logging.access_to",
];

/// Prefixes after which an address has a path.
const SCHEMES: [&str; 5] = ["embedded:", "sqlite://", "sqlite:", "folder:", "file:"];

/// Parameters of a PostgreSQL address that name a file.
const PARAMETERS: [&str; 3] = ["sslrootcert", "sslcert", "sslkey"];

/// Characters that are not escaped in a parameter.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// A layer of the configuration.
pub(super) struct Layer<'l> {
    /// A file, or the environment.
    pub(super) name: &'l str,
    /// Folder to which the layer's relative paths are relative.
    pub(super) folder: &'l Path,
}

impl Layer<'_> {
    /// Makes every relative path of the layer absolute, and adds files that exist only at their legacy path to
    /// `legacy_paths`. Fails if a path is blank or cannot be made absolute.
    pub(super) fn resolve(
        &self,
        section: &str,
        table: &mut Map<String, Value>,
        legacy_paths: &mut Vec<LegacyPath>,
    ) -> Result<(), ConfigError> {
        for (name, value) in table {
            let key = key::join(section, name);
            if let ValueKind::Table(inner) = &mut value.kind {
                self.resolve(&key, inner, legacy_paths)?;
            } else if let ValueKind::String(text) = &mut value.kind {
                let problem = |reason| ConfigError::new(&*key, reason).in_layer(self.name);
                let file = file_in(&key, text);
                let file = file.map(|file| refuse_legacy_path(Path::new(file), self.folder));
                *text = resolved(&key, text, self.folder).map_err(problem)?;
                if let Some(Err(reason)) = file {
                    let problem = problem(reason);
                    legacy_paths.push(LegacyPath::new(key, text.clone(), problem));
                }
            } else if let ValueKind::Array(items) = &mut value.kind {
                self.resolve_list(&key, items, legacy_paths)?;
            }
        }
        Ok(())
    }

    /// Makes every relative path in a list absolute: its items if they are paths, and those of its tables. Fails like
    /// [`resolve`](Self::resolve).
    fn resolve_list(
        &self,
        key: &str,
        items: &mut [Value],
        legacy_paths: &mut Vec<LegacyPath>,
    ) -> Result<(), ConfigError> {
        for (index, item) in items.iter_mut().enumerate() {
            if let ValueKind::Table(inner) = &mut item.kind {
                self.resolve(&format!("{key}[{index}]"), inner, legacy_paths)?;
            } else if let ValueKind::String(text) = &mut item.kind
                && LISTS.contains(&key)
            {
                let problem = |reason| ConfigError::new(key, reason).in_layer(self.name);
                *text = path(text, self.folder).map_err(problem)?;
            }
        }
        Ok(())
    }
}

/// Returns the file that a setting names, or `None` if it names no file.
fn file_in<'t>(key: &str, text: &'t str) -> Option<&'t str> {
    if is_path(key) {
        return Some(text);
    }
    let is_address = ADDRESSES.contains(&key);
    is_address
        .then(|| path_in(text))
        .flatten()
        .map(|(_, file)| file)
}

/// Returns the text of a setting with its relative path made absolute. Fails with a message if the path is
/// blank or cannot be made absolute.
fn resolved(key: &str, text: &str, folder: &Path) -> Result<String, String> {
    if is_path(key) {
        path(text, folder)
    } else if ADDRESSES.contains(&key) {
        address(text, folder)
    } else {
        Ok(text.to_owned())
    }
}

/// Makes the default paths that are in use absolute; paths that a layer has set already are. Fails if a file
/// exists only at its legacy path.
pub(super) fn resolve_defaults(sections: &mut Sections, folder: &Path) -> Result<(), ConfigError> {
    let Sections {
        tokens,
        directory,
        jwt,
        ..
    } = sections;
    for (key, file, value) in [
        ("tokens.store", &tokens.store_file, &mut tokens.store),
        ("directory.url", &directory.url_file, &mut directory.url),
    ] {
        if file.is_none() {
            *value =
                secret_address(value, folder).map_err(|reason| ConfigError::new(key, reason))?;
        }
    }
    let signs = jwt.enabled && jwt.secret.is_none();
    for (key, is_in_force, file) in [
        (
            "tokens.pepper_file",
            tokens.pepper.is_none(),
            &mut tokens.pepper_file,
        ),
        ("jwt.secret_file", signs, &mut jwt.secret_file),
    ] {
        if is_in_force {
            refuse_legacy_path(file, folder).map_err(|reason| ConfigError::new(key, reason))?;
        }
        *file = folder.join(&*file);
    }
    Ok(())
}

/// Returns an address with its relative paths made absolute. Fails with a message if a path is invalid or
/// exists only at its legacy path.
pub(super) fn secret_address(text: &SecretString, folder: &Path) -> Result<SecretString, String> {
    let text = text.expose_secret();
    if let Some((_, file)) = path_in(text) {
        refuse_legacy_path(Path::new(file), folder)?;
    }
    address(text, folder).map(SecretString::from)
}

/// Returns whether the value of the setting is a path.
fn is_path(key: &str) -> bool {
    key.ends_with("_file") || PATHS.contains(&key)
}

/// Returns the path below `folder`, or an empty text for an empty one. Fails with a message if the path is
/// blank, or the folder's name is not UTF-8.
fn path(text: &str, folder: &Path) -> Result<String, String> {
    // Nothing is named by an empty text; the check of the setting says so where it must be.
    if text.is_empty() {
        return Ok(String::new());
    }
    if text.trim().is_empty() {
        return Err("expected a path, found white space".to_owned());
    }
    let path = folder.join(text).into_os_string().into_string();
    path.map_err(|_| "the folder's name is not UTF-8: expected an absolute path".to_owned())
}

/// Splits an address into scheme and path. Returns `None` if it has no path.
fn path_in(text: &str) -> Option<(&'static str, &str)> {
    let mut schemes = SCHEMES.iter();
    let (scheme, path) = schemes.find_map(|scheme| Some((scheme, text.strip_prefix(scheme)?)))?;
    (!path.is_empty()).then(|| (scheme.trim_end_matches("//"), path))
}

/// Returns an address with its relative paths made absolute. Fails with a message if a path is invalid.
fn address(text: &str, folder: &Path) -> Result<String, String> {
    if let Some((scheme, file)) = path_in(text) {
        return Ok(format!("{scheme}{}", path(file, folder)?));
    }
    let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
    match text.split_once('?') {
        Some((host, query)) if is_postgres => {
            let parameters: Result<Vec<_>, _> = query
                .split('&')
                .map(|parameter| postgres_parameter(parameter, folder))
                .collect();
            Ok(format!("{host}?{}", parameters?.join("&")))
        }
        _ => Ok(text.to_owned()),
    }
}

/// Returns a parameter of a PostgreSQL address, with a relative path made absolute and everything else
/// unchanged. Fails with a message if the path is invalid.
fn postgres_parameter<'p>(parameter: &'p str, folder: &Path) -> Result<Cow<'p, str>, String> {
    let file = parameter
        .split_once('=')
        .filter(|(name, _)| PARAMETERS.contains(name))
        .and_then(|(name, file)| Some((name, percent_decode_str(file).decode_utf8().ok()?)))
        // A word of libpq's for the authorities that the system trusts.
        .filter(|(_, file)| {
            !file.is_empty() && file != "system" && Path::new(&**file).is_relative()
        });
    match file {
        Some((name, file)) => {
            let file = path(&file, folder)?;
            let file = utf8_percent_encode(&file, PLAIN);
            Ok(Cow::Owned(format!("{name}={file}")))
        }
        None => Ok(Cow::Borrowed(parameter)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_in_addresses_begin_at_the_folder() {
        for (text, expected) in [
            ("embedded:data/t.redb", "embedded:/p/data/t.redb"),
            ("sqlite:data/d.db", "sqlite:/p/data/d.db"),
            ("sqlite://data/d.db", "sqlite:/p/data/d.db"),
            ("sqlite:///data/d.db", "sqlite:/data/d.db"),
            ("folder:mail", "folder:/p/mail"),
            ("file:../a.jsonl", "file:/p/../a.jsonl"),
            ("file:/a.jsonl", "file:/a.jsonl"),
            ("memory:", "memory:"),
            ("embedded:", "embedded:"),
            ("sqlite://", "sqlite://"),
            ("none", "none"),
            ("redis://h/0?x=data/y", "redis://h/0?x=data/y"),
            (
                "postgres://u:p%3Fw@h/d?sslrootcert=tls/ca.pem&sslmode=require",
                "postgres://u:p%3Fw@h/d?sslrootcert=/p/tls/ca.pem&sslmode=require",
            ),
            (
                "postgres://h/d?sslrootcert=%2Fetc%2Fca.pem&sslkey=a%20b",
                "postgres://h/d?sslrootcert=%2Fetc%2Fca.pem&sslkey=/p/a%20b",
            ),
            (
                "postgresql://h/d?sslrootcert=system",
                "postgresql://h/d?sslrootcert=system",
            ),
        ] {
            assert_eq!(address(text, Path::new("/p")).as_deref(), Ok(expected));
        }
    }
}
