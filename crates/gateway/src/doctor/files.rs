//! Files that others should not read.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{Finding, Findings};
use crate::config::{Config, DirectoryAddress, LogTarget, MailAddress, TokenStoreAddress};

/// Permissions of the others on the machine.
const OTHERS: u32 = 0o007;

/// Checks that other users of the machine cannot read secret files. Adds the result to `findings`.
pub(super) fn examine(config: &Config, findings: &mut Findings) {
    let open: Vec<_> = secret(config)
        .into_iter()
        .filter(|path| is_open(path))
        .map(|path| path.display().to_string())
        .collect();
    if open.is_empty() {
        findings.add(Finding::ok("files", "other users cannot read secret files"));
        return;
    }
    findings.add(Finding::warning(
        "files",
        format!("all users of this machine can read {}", open.join(", ")),
        "run chmod o= FILE",
    ));
}

/// Returns the files with secrets, hashes, digests of tokens, e-mails, audit events or client IPs.
fn secret(config: &Config) -> Vec<PathBuf> {
    let sections = &config.sections;
    let mut files = vec![sections.tokens.pepper_file.clone()];
    if sections.jwt.enabled {
        files.push(sections.jwt.secret_file.clone());
    }
    let named = [
        &sections.tokens.store_file,
        &sections.tokens.previous_pepper_file,
        &sections.directory.url_file,
        &sections.mail.transport_file,
        &sections.jwt.previous_secret_file,
        &sections.jwt.next_secret_file,
    ];
    files.extend(named.into_iter().flatten().cloned());
    files.extend(sections.jwt.key_files.iter().cloned());
    let next = sections.jwt.next_key_files.iter();
    files.extend(next.filter(|file| has_private_key(file)).cloned());
    if let Ok(TokenStoreAddress::Embedded(file)) =
        TokenStoreAddress::from_settings(&sections.tokens)
    {
        files.push(file);
    }
    if let Ok(DirectoryAddress::Sqlite(file)) = DirectoryAddress::from_settings(&sections.directory)
    {
        files.push(file);
    }
    if let Ok(MailAddress::Folder(folder)) = MailAddress::from_settings(&sections.mail) {
        files.push(folder);
    }
    for log in [&sections.audit.to, &sections.logging.access_to] {
        if let LogTarget::File(file) = log {
            files.push(file.clone());
        }
    }
    files
}

/// Returns whether a file has a private key in PEM. False if it cannot be read.
fn has_private_key(file: &Path) -> bool {
    let text = std::fs::read_to_string(file);
    text.is_ok_and(|text| text.contains("PRIVATE KEY-----"))
}

/// Returns whether other users may read the file: neither its permissions nor those of its folder prevent it.
fn is_open(file: &Path) -> bool {
    let mode = |path: &Path| path.metadata().map(|found| found.permissions().mode());
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let closed = folder.is_some_and(|folder| mode(folder).is_ok_and(|mode| mode & OTHERS == 0));
    !closed && mode(file).is_ok_and(|mode| mode & OTHERS != 0)
}
