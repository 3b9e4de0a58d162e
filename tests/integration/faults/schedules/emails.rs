//! One-time tokens in e-mails.

use crate::faults::schedules::model::Model;
use crate::faults::schedules::plan::Dialect;
use crate::faults::schedules::site::Site;

/// Returns the tokens in all e-mails to the users of a schedule, each with its user and dialect.
pub(crate) fn tokens(site: &Site, model: &Model) -> Vec<(usize, Dialect, String)> {
    let emails = site.mail.emails();
    let found = emails.iter().filter_map(|email| {
        let mut users = model.users.iter();
        let user = users.position(|user| email.contains(&format!("To: {}@", user.name)))?;
        // E-mails fold long lines with `=`.
        let text = email.replace("=\n", "").replace("=3D", "=");
        let dialect = if text.contains("cross_token=") {
            Dialect::Bimplus
        } else {
            Dialect::Tokenlogin
        };
        let mut words = text.split(|c: char| !c.is_ascii_hexdigit());
        let token = words.find(|word| word.len() == 32)?;
        Some((user, dialect, token.to_owned()))
    });
    found.collect()
}
