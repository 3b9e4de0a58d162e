//! The users of an authority's server.

/// A user of an authority's server.
#[derive(Debug, Clone)]
pub struct AuthorityUser {
    /// The identifier, `id-` and the login name.
    pub external_id: String,
    /// The login name.
    pub login: String,
    /// The password.
    pub password: String,
    /// The e-mail address, `<login>@example.com`.
    pub email: String,
    /// The role of a hook's answer, and a value of the provider's claim `roles`.
    pub role: String,
    /// The organisation of a hook's answer, and the provider's claim `organisation`.
    pub organisation: Option<String>,
    /// What the server says when the password is right.
    pub state: UserState,
}

/// What the server says about a user whose password is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    /// The password is right.
    Active,
    /// The user is disabled. The provider says so before it checks the password.
    Disabled,
    /// The password has expired.
    PasswordExpired,
    /// A second factor is needed.
    SecondFactor,
    /// The user is locked.
    Locked,
}

impl AuthorityUser {
    /// Returns an active user with the role `LINGUIST`.
    pub fn new(login: &str, password: &str) -> Self {
        Self {
            external_id: format!("id-{login}"),
            login: login.to_owned(),
            password: password.to_owned(),
            email: format!("{login}@example.com"),
            role: "LINGUIST".to_owned(),
            organisation: None,
            state: UserState::Active,
        }
    }

    /// Returns the user in another state.
    #[must_use]
    pub fn with_state(mut self, state: UserState) -> Self {
        self.state = state;
        self
    }
}
