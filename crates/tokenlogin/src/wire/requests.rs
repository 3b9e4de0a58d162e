//! Models of bodies, as the vendor's help pages show them.

use secrecy::SecretString;

use crate::error::Error;
use crate::model::Model;
use crate::model_state::ModelState;
use crate::password_policy::PasswordPolicy;

const MAX_DEVICE_NAME_CHARS: usize = 256;

/// `AuthenticationInfo`, the body of `Login`.
pub(crate) struct AuthenticationInfo {
    pub(crate) user_name: String,
    pub(crate) password: SecretString,
    /// The device that wants a re-authentication token, if one does.
    pub(crate) device: Option<String>,
    /// A re-authentication token from an earlier login.
    pub(crate) re_authentication_token: Option<String>,
}

impl TryFrom<Model> for AuthenticationInfo {
    type Error = Error;

    fn try_from(mut model: Model) -> Result<Self, Error> {
        let mut state = ModelState::default();
        let user_name = model.text("userName", &mut state);
        let password = model.text("password", &mut state);
        let device = model.text("deviceName", &mut state);
        let wants_token = model.flag("generateReAuthenticationToken", &mut state);
        // A login does not need it, so a malformed one is ignored.
        let re_authentication_token =
            model.text("reAuthenticationToken", &mut ModelState::default());
        if user_name.is_none() {
            state.required("userName");
        }
        if password.is_none() {
            state.required("password");
        }
        if wants_token {
            match &device {
                None => state.required("deviceName"),
                Some(name) if name.chars().count() > MAX_DEVICE_NAME_CHARS => {
                    state.add("deviceName", "The deviceName field is too long.");
                }
                Some(_) => {}
            }
        }
        state.check("authenticationInfo")?;
        Ok(Self {
            user_name: user_name.unwrap_or_default(),
            password: password.unwrap_or_default().into(),
            device: device.filter(|_| wants_token),
            re_authentication_token,
        })
    }
}

/// `TokenAuthentication`, the body of `TokenLogin`.
pub(crate) struct TokenAuthentication {
    pub(crate) re_authentication_token: String,
}

impl TryFrom<Model> for TokenAuthentication {
    type Error = Error;

    fn try_from(mut model: Model) -> Result<Self, Error> {
        let mut state = ModelState::default();
        let token = model.text("reAuthenticationToken", &mut state);
        if token.is_none() {
            state.required("reAuthenticationToken");
        }
        state.check("tokenAuthentication")?;
        Ok(Self {
            re_authentication_token: token.unwrap_or_default(),
        })
    }
}

/// `PasswordResetRequest`, the body of `RequestPasswordReset`.
pub(crate) struct PasswordResetRequest {
    pub(crate) login_name: String,
}

impl TryFrom<Model> for PasswordResetRequest {
    type Error = Error;

    fn try_from(mut model: Model) -> Result<Self, Error> {
        let mut state = ModelState::default();
        let login_name = model.text("LoginName", &mut state);
        if login_name.is_none() {
            state.required("LoginName");
        }
        state.check("passwordResetRequest")?;
        Ok(Self {
            login_name: login_name.unwrap_or_default(),
        })
    }
}

/// `PasswordResetInformation`, the body of `FinishPasswordReset`.
pub(crate) struct PasswordResetInformation {
    pub(crate) reset_key: String,
    pub(crate) password: SecretString,
}

impl PasswordResetInformation {
    /// Parses the body of `FinishPasswordReset`. `Err` if a member is missing, or if the password breaks the policy.
    pub(crate) fn parse(mut model: Model, policy: &PasswordPolicy) -> Result<Self, Error> {
        let mut state = ModelState::default();
        let reset_key = model.text("ResetKey", &mut state);
        let password = model.text("Password", &mut state).map(SecretString::from);
        if reset_key.is_none() {
            state.required("ResetKey");
        }
        match &password {
            None => state.required("Password"),
            Some(password) => {
                for violation in policy.violations(password) {
                    state.add("Password", violation);
                }
            }
        }
        state.check("passwordResetInformation")?;
        Ok(Self {
            reset_key: reset_key.unwrap_or_default(),
            password: password.unwrap_or_default(),
        })
    }
}
