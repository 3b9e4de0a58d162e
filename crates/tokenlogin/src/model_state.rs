//! The errors of a model, as ASP.NET Web API lists them in an `HttpError`.

use crate::error::Error;

/// The errors of a model, by member.
#[derive(Debug, Default)]
pub(crate) struct ModelState(Vec<(&'static str, String)>);

impl ModelState {
    /// Adds an error of a member.
    pub(crate) fn add(&mut self, member: &'static str, text: impl Into<String>) {
        self.0.push((member, text.into()));
    }

    /// Adds the error for a missing member.
    pub(crate) fn required(&mut self, member: &'static str) {
        self.add(member, format!("The {member} field is required."));
    }

    /// Returns `Err` with all errors that were added, and `Ok` if there are none. `model` is the name of the action's
    /// parameter, which precedes the names of the members.
    pub(crate) fn check(self, model: &'static str) -> Result<(), Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let entries = self.0.into_iter();
        Err(Error::Model(
            entries
                .map(|(member, text)| (format!("{model}.{member}"), text))
                .collect(),
        ))
    }
}
