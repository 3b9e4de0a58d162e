//! The files of templates, and their names.

use std::fs;
use std::path::Path;

use isogloss_core::{AccountLink, Language, Organisation, Role, User, UserState};
use uuid::Uuid;

use super::TemplateError;

/// The format of a part of an e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    /// Plain text, with the subject in its first line.
    Text,
    /// HTML.
    Html,
}

/// What a template is for: `KIND.LANGUAGE.txt` or `KIND.LANGUAGE.html`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TemplateFile {
    kind: &'static str,
    language: String,
    pub(super) format: Format,
}

impl TemplateFile {
    /// Returns the file of a kind of e-mail, in a language in lower case.
    pub(super) fn new(kind: AccountLink, language: &str, format: Format) -> Self {
        Self {
            kind: kind.name(),
            language: language.to_owned(),
            format,
        }
    }

    /// Parses the name of a file. `None` if no template has such a name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut parts = name.split('.');
        let (kind, language, format) = (parts.next()?, parts.next()?, parts.next()?);
        let kinds = [AccountLink::Invitation, AccountLink::Reset];
        let kind = kinds.into_iter().find(|one| one.name() == kind)?;
        let format = match format {
            "txt" => Format::Text,
            "html" => Format::Html,
            _ => return None,
        };
        let language = Language::parse(language).ok()?;
        let is_whole = parts.next().is_none();
        is_whole.then(|| Self::new(kind, &language.as_str().to_ascii_lowercase(), format))
    }

    /// Returns the name of the file, with the language in lower case.
    pub(super) fn name(&self) -> String {
        let ending = match self.format {
            Format::Text => "txt",
            Format::Html => "html",
        };
        format!("{}.{}.{ending}", self.kind, self.language)
    }

    /// Returns the file of the same e-mail in that format.
    pub(super) fn with_format(&self, format: Format) -> Self {
        Self {
            format,
            ..self.clone()
        }
    }

    /// Returns whether a name is that of the same e-mail, in either format.
    pub(super) fn is_sibling_of(&self, name: &str) -> bool {
        Self::parse(name).is_some_and(|other| other.with_format(self.format) == *self)
    }
}

/// Reads the templates in a folder, in the order of their names. Files that end neither in `.txt` nor in `.html` are ignored.
/// Fails if a file cannot be read, or has another name than a template.
pub(super) fn read(folder: &Path) -> Result<Vec<(TemplateFile, String)>, TemplateError> {
    let failed = |path: &Path, error: std::io::Error| {
        TemplateError::Read(format!("{}: {error}", path.display()))
    };
    let entries = fs::read_dir(folder).map_err(|error| failed(folder, error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_template = name.ends_with(".txt") || name.ends_with(".html");
        if name.starts_with('.') || !is_template {
            continue;
        }
        let file = TemplateFile::parse(&name);
        let file = file.ok_or_else(|| TemplateError::Name(path.display().to_string()))?;
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
        // A carriage return is no character of an e-mail: the mailer would show it.
        files.push((file, text.replace("\r\n", "\n")));
    }
    files.sort();
    Ok(files)
}

/// Returns the user for whom templates are tried.
pub(super) fn sample_user() -> User {
    User {
        id: Uuid::nil(),
        number: 1,
        user_name: "ada".to_owned(),
        email: Some("ada@example.com".to_owned()),
        first_name: "Ada".to_owned(),
        last_name: "Lovelace".to_owned(),
        image_url: String::new(),
        language: None,
        role: Role::Linguist,
        organisation: Organisation {
            id: Uuid::nil(),
            name: "SAMPLE".to_owned(),
        },
        units: Vec::new(),
        default_unit: None,
        state: UserState::Active,
        generation: 0,
    }
}
