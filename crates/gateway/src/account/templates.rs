//! The templates of e-mails: those of the operator, by language, and built-in English ones.

mod files;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use isogloss_core::{AccountLink, Language, User};
use minijinja::{Environment, UndefinedBehavior, Value, context};
use thiserror::Error;

use self::files::{Format, TemplateFile};

/// The language of the built-in templates, for users who prefer none that there is.
const ENGLISH: &str = "en";
/// What begins the first line of a text.
const SUBJECT: &str = "Subject:";

/// The built-in templates, by the names of the files that replace them.
const BUILT_IN: [(&str, &str); 4] = [
    ("invitation.en.txt", include_str!("texts/invitation.en.txt")),
    (
        "invitation.en.html",
        include_str!("texts/invitation.en.html"),
    ),
    ("reset.en.txt", include_str!("texts/reset.en.txt")),
    ("reset.en.html", include_str!("texts/reset.en.html")),
];

/// The templates of all e-mails. Variables in HTML are escaped.
pub(crate) struct Templates {
    environment: Environment<'static>,
    files: BTreeSet<TemplateFile>,
}

/// Why templates cannot be used.
#[derive(Debug, Error)]
pub(crate) enum TemplateError {
    /// A file or the folder cannot be read.
    #[error("{0}")]
    Read(String),
    /// A file has another name than templates have.
    #[error(
        "{0}: expected a name like invitation.en.txt, invitation.en.html, reset.de.txt or reset.de.html"
    )]
    Name(String),
    /// A template has an error, or a variable that does not exist.
    #[error("{file}: {reason}")]
    Invalid {
        /// The name of the file.
        file: String,
        /// What is wrong, and what was expected.
        reason: String,
    },
}

/// An e-mail made of templates.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RenderedEmail {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: Option<String>,
}

/// What the variables of templates stand for.
pub(super) struct EmailValues<'a> {
    pub(super) user: &'a User,
    pub(super) link: &'a str,
    pub(super) issuer: &'a str,
    pub(super) lifetime: Duration,
}

impl EmailValues<'_> {
    fn context(&self) -> Value {
        let minutes = self.lifetime.as_secs().div_ceil(60);
        context! {
            user_name => self.user.user_name.as_str(),
            first_name => self.user.first_name.as_str(),
            last_name => self.user.last_name.as_str(),
            email => self.user.address().unwrap_or_default(),
            organisation => self.user.organisation.name.as_str(),
            link => self.link,
            issuer => self.issuer,
            minutes => minutes,
            hours => minutes / 60,
            days => minutes / (24 * 60),
        }
    }
}

impl Templates {
    /// Reads the templates in a folder, which replace the built-in ones of the same kind and language, and tries each. An
    /// empty path stands for the built-in ones alone. Fails with the name of the file if a file cannot be read or used.
    pub(crate) fn load(folder: &Path) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let mut templates = Self {
            environment,
            files: BTreeSet::new(),
        };
        let own = if folder.as_os_str().is_empty() {
            Vec::new()
        } else {
            files::read(folder)?
        };
        for (name, text) in BUILT_IN {
            let is_replaced = own.iter().any(|(file, _)| file.is_sibling_of(name));
            if let Some(file) = TemplateFile::parse(name).filter(|_| !is_replaced) {
                templates.add(file, text.to_owned())?;
            }
        }
        for (file, text) in own {
            templates.add(file, text)?;
        }
        templates.check()?;
        Ok(templates)
    }

    fn add(&mut self, file: TemplateFile, text: String) -> Result<(), TemplateError> {
        let name = file.name();
        let added = self.environment.add_template_owned(name, text);
        added.map_err(|error| invalid(&file, &error))?;
        self.files.insert(file);
        Ok(())
    }

    /// Renders every e-mail for a made-up user. Fails if a template cannot be rendered, lacks the link, or is HTML without
    /// a text.
    fn check(&self) -> Result<(), TemplateError> {
        const LINK: &str = "ADDRESS-OF-THE-PAGE";
        let user = files::sample_user();
        let values = EmailValues {
            user: &user,
            link: LINK,
            issuer: "Sample",
            lifetime: Duration::from_hours(1),
        };
        for file in &self.files {
            let text = file.with_format(Format::Text);
            if !self.files.contains(&text) {
                let reason = format!("needs {} with the same as plain text", text.name());
                return Err(TemplateError::Invalid {
                    file: file.name(),
                    reason,
                });
            }
            let email = self.render_in(file, &values)?;
            let part = match file.format {
                Format::Text => Some(&email.text),
                Format::Html => email.html.as_ref(),
            };
            if !part.is_some_and(|part| part.contains(LINK)) {
                return Err(TemplateError::Invalid {
                    file: file.name(),
                    reason: "expected {{ link }}, without which no password can be set".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Returns the e-mail of a kind in the first of these languages that there is, or else in English. Fails if a template
    /// cannot be rendered for this user.
    pub(super) fn render<'a>(
        &self,
        kind: AccountLink,
        languages: impl Iterator<Item = &'a Language>,
        values: &EmailValues<'_>,
    ) -> Result<RenderedEmail, TemplateError> {
        self.render_in(&self.choose(kind, languages), values)
    }

    /// Returns the text template of a kind in the first of these languages that there is, or else in English.
    fn choose<'a>(
        &self,
        kind: AccountLink,
        languages: impl Iterator<Item = &'a Language>,
    ) -> TemplateFile {
        let found = languages.flat_map(Language::ranges).find(|language| {
            let file = TemplateFile::new(kind, language, Format::Text);
            self.files.contains(&file)
        });
        TemplateFile::new(kind, found.as_deref().unwrap_or(ENGLISH), Format::Text)
    }

    fn render_in(
        &self,
        file: &TemplateFile,
        values: &EmailValues<'_>,
    ) -> Result<RenderedEmail, TemplateError> {
        let text_file = file.with_format(Format::Text);
        let text = self.render_file(&text_file, values)?;
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let subject = first.trim_end().strip_prefix(SUBJECT).map(str::trim);
        let Some(subject) = subject.filter(|subject| !subject.is_empty()) else {
            return Err(TemplateError::Invalid {
                file: text_file.name(),
                reason: format!("expected a first line like `{SUBJECT} Your password`"),
            });
        };
        let html_file = file.with_format(Format::Html);
        let html = self.files.contains(&html_file);
        let html = html.then(|| self.render_file(&html_file, values));
        Ok(RenderedEmail {
            subject: subject.to_owned(),
            text: rest.trim_start_matches('\n').to_owned(),
            html: html.transpose()?,
        })
    }

    fn render_file(
        &self,
        file: &TemplateFile,
        values: &EmailValues<'_>,
    ) -> Result<String, TemplateError> {
        let template = self.environment.get_template(&file.name());
        let rendered = template.and_then(|template| template.render(values.context()));
        rendered.map_err(|error| invalid(file, &error))
    }
}

fn invalid(file: &TemplateFile, error: &minijinja::Error) -> TemplateError {
    let line = error.line().map(|line| format!("line {line}: "));
    TemplateError::Invalid {
        file: file.name(),
        reason: format!("{}{error}", line.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
