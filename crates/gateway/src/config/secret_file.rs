//! Files that contain one secret: `…_file` settings, and files in command-line options.

use std::fs;
use std::path::Path;

use secrecy::SecretString;

use super::ConfigError;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Returns the secret in a file that `key` names, without a byte order mark and white space around it. Fails if
/// the file cannot be read, is not UTF-8, or has no secret.
pub(crate) fn read_secret(key: &str, file: &Path) -> Result<SecretString, ConfigError> {
    let problem = |reason: String| ConfigError::new(key, format!("{}: {reason}", file.display()));
    if file.as_os_str().is_empty() {
        return Err(ConfigError::new(key, "expected the path of a file"));
    }
    let bytes = fs::read(file).map_err(|error| problem(error.to_string()))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| problem("expected text in UTF-8, found other bytes".to_owned()))?;
    let secret = text.trim_start_matches(BYTE_ORDER_MARK).trim();
    if secret.is_empty() {
        return Err(problem(
            "expected a secret, but the file is empty".to_owned(),
        ));
    }
    Ok(secret.into())
}
