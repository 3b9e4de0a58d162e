//! Names of settings, with dots between their levels.

/// Returns the name of a setting of a section; a section without a name is that of all sections.
pub(super) fn join(section: &str, name: &str) -> String {
    if section.is_empty() {
        name.to_owned()
    } else {
        format!("{section}.{name}")
    }
}
