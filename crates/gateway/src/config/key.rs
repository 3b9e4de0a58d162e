//! Names of settings, with dots between their levels.

/// Returns the full name of a setting: `section.name`, or only `name` if `section` is empty.
pub(super) fn join(section: &str, name: &str) -> String {
    if section.is_empty() {
        name.to_owned()
    } else {
        format!("{section}.{name}")
    }
}
