//! The e-mail with a reset key.

use std::time::Duration;

use isogloss_core::{Auth, AuthError, Concurrency, Email, Mailer, Purpose, Terms, Token};

use crate::REALM;

/// Sends a user a new reset key, which replaces any earlier one. Sends nothing if the user does not exist or has no
/// address. `Err` if a store or the mail server fails.
pub(crate) async fn send_reset_key(
    auth: &Auth,
    mailer: &dyn Mailer,
    login_name: &str,
    lifetime: Duration,
) -> Result<(), AuthError> {
    let Some(user) = auth.find(login_name).await? else {
        return Ok(());
    };
    let Some(address) = user.address() else {
        return Ok(());
    };
    let terms = Terms {
        concurrency: Concurrency::OnePerClient,
        address: Some(address.into()),
        ..Terms::new(Purpose::Reset, lifetime)
    };
    let key = auth.issue(REALM, &user, terms).await?.token;
    mailer
        .send(reset_email(address.to_owned(), &key, lifetime))
        .await?;
    Ok(())
}

/// Returns the e-mail with a reset key and the time for which it is valid.
fn reset_email(to: String, key: &Token, lifetime: Duration) -> Email {
    let (key, minutes) = (key.hex(), lifetime.as_secs().div_ceil(60));
    Email {
        to,
        subject: "Your new password".to_owned(),
        text: format!(
            "Somebody, most likely you, asked for a new password. This key sets one:\n\n\
             {key}\n\n\
             It works once, within {minutes} minutes. If you did not ask, do nothing: your password \
             stays as it is.\n"
        ),
        html: None,
    }
}
