//! Relative paths: each is relative to the folder of the file that it stands in.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use ::config::{Map, Value, ValueKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Problem, Sections};

/// Settings that hold a path and are not called `…_file`.
const PATHS: [&str; 1] = ["directory.import"];

/// Settings that hold an address, which may have a path in it.
const ADDRESSES: [&str; 4] = [
    "tokens.store",
    "directory.url",
    "mail.transport",
    "audit.to",
];

/// What a path follows in an address.
const SCHEMES: [&str; 5] = ["embedded:", "sqlite://", "sqlite:", "folder:", "file:"];

/// Parameters of a PostgreSQL address that name a file.
const PARAMETERS: [&str; 3] = ["sslrootcert", "sslcert", "sslkey"];

/// What stands in a parameter as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

/// Makes every relative path of a layer absolute.
pub(super) fn resolve(
    section: &str,
    table: &mut Map<String, Value>,
    folder: &Path,
) -> Result<(), Problem> {
    for (name, value) in table {
        let key = if section.is_empty() {
            name.clone()
        } else {
            format!("{section}.{name}")
        };
        match &mut value.kind {
            ValueKind::Table(inner) => resolve(&key, inner, folder)?,
            ValueKind::String(text) if is_path(&key) => {
                *text = path(text, folder).ok_or_else(|| unnamable(&key, folder))?;
            }
            ValueKind::String(text) if ADDRESSES.contains(&key.as_str()) => {
                *text = address(text, folder).ok_or_else(|| unnamable(&key, folder))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes the paths of defaults absolute; those that a layer has set are by now.
pub(super) fn resolve_defaults(sections: &mut Sections, folder: &Path) -> Result<(), Problem> {
    refuse_abandoned(sections, folder)?;
    for (key, value) in [
        ("tokens.store", &mut sections.tokens.store),
        ("directory.url", &mut sections.directory.url),
    ] {
        *value = secret_address(value, folder).ok_or_else(|| unnamable(key, folder))?;
    }
    for file in [
        &mut sections.tokens.pepper_file,
        &mut sections.jwt.secret_file,
    ] {
        *file = folder.join(&*file);
    }
    Ok(())
}

/// Refuses a default that would begin with an empty file while there is one in the working directory, where
/// earlier releases looked for it.
fn refuse_abandoned(sections: &Sections, folder: &Path) -> Result<(), Problem> {
    let Sections {
        tokens,
        directory,
        jwt,
        ..
    } = sections;
    let store = tokens.store.expose_secret().strip_prefix("embedded:");
    let url = directory.url.expose_secret().strip_prefix("sqlite:");
    let (pepper, secret) = (tokens.pepper_file.to_str(), jwt.secret_file.to_str());
    for (key, file) in [
        (
            "tokens.store",
            store.filter(|_| tokens.store_file.is_none()),
        ),
        (
            "tokens.pepper_file",
            pepper.filter(|_| tokens.pepper.is_none()),
        ),
        (
            "directory.url",
            url.filter(|_| directory.url_file.is_none()),
        ),
        (
            "jwt.secret_file",
            secret.filter(|_| jwt.enabled && jwt.secret.is_none()),
        ),
    ] {
        let Some(file) = file.filter(|file| Path::new(file).is_relative()) else {
            continue;
        };
        let default = folder.join(file);
        // Relative to the working directory.
        if Path::new(file).exists() && !default.exists() {
            let reason = format!(
                "not set: its default is now {}, and there is {file} in the working directory, where \
                 earlier releases looked for it: set the key, or move the file",
                default.display()
            );
            return Err(Problem::new(key, reason));
        }
    }
    Ok(())
}

/// Returns an address whose paths are absolute; `None` if the folder's name is not UTF-8.
pub(super) fn secret_address(text: &SecretString, folder: &Path) -> Option<SecretString> {
    address(text.expose_secret(), folder).map(SecretString::from)
}

fn is_path(key: &str) -> bool {
    key.ends_with("_file") || PATHS.contains(&key)
}

fn path(text: &str, folder: &Path) -> Option<String> {
    // Nothing is named by an empty text; the check of the setting says so where it must be.
    if text.is_empty() {
        return Some(String::new());
    }
    named(folder.join(text))
}

fn address(text: &str, folder: &Path) -> Option<String> {
    for scheme in SCHEMES {
        let Some(relative) = text.strip_prefix(scheme) else {
            continue;
        };
        if relative.is_empty() {
            break;
        }
        let kind = scheme.trim_end_matches("//");
        return Some(format!("{kind}{}", path(relative, folder)?));
    }
    let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
    match text.split_once('?') {
        Some((host, query)) if is_postgres => {
            let parameters: Option<Vec<_>> = query
                .split('&')
                .map(|parameter| postgres_parameter(parameter, folder))
                .collect();
            Some(format!("{host}?{}", parameters?.join("&")))
        }
        _ => Some(text.to_owned()),
    }
}

/// Leaves every parameter as it is written, but for relative paths.
fn postgres_parameter<'p>(parameter: &'p str, folder: &Path) -> Option<Cow<'p, str>> {
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
            let file = named(folder.join(&*file))?;
            let file = utf8_percent_encode(&file, PLAIN);
            Some(Cow::Owned(format!("{name}={file}")))
        }
        None => Some(Cow::Borrowed(parameter)),
    }
}

fn named(path: PathBuf) -> Option<String> {
    path.into_os_string().into_string().ok()
}

fn unnamable(key: &str, folder: &Path) -> Problem {
    let folder = folder.display();
    let reason = format!("the name of the folder {folder} is not UTF-8: expected an absolute path");
    Problem::new(key, reason)
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
            assert_eq!(address(text, Path::new("/p")).as_deref(), Some(expected));
        }
    }
}
