//! Requests as the vendor writes them.

use isogloss_core::{Credentials, LoginOrigin, Token};

use crate::error::Error;
use crate::ids::Id;
use crate::json_body::JsonObject;
use crate::{REALM, Settings};

/// `POST authorize`.
pub(crate) struct AuthorizeRequest {
    pub(crate) login: Login,
    pub(crate) ids: LoginIds,
}

/// The two ways to log in.
pub(crate) enum Login {
    /// With a password, remembered or not.
    Password {
        credentials: Box<Credentials>,
        remember_me: bool,
    },
    /// With a remember-me token.
    Remembered { token: String },
}

impl AuthorizeRequest {
    /// Parses the body of `POST authorize`. `Err` if a mandatory member is missing or a member has a wrong type.
    pub(crate) fn parse(mut members: JsonObject, settings: &Settings) -> Result<Self, Error> {
        let user_id = members.text("user_id")?;
        let password = members.text("password")?;
        let remember_me = members.flag("remember_me")?;
        let token = members.text("remember_me_token")?;
        // The vendor's sample misspells the name.
        let misspelt = members.text("remeber_me_token")?;
        let token = token.or(misspelt);
        let login = match (user_id, password, token) {
            (Some(user_id), Some(password), token) => Login::Password {
                credentials: Box::new(Credentials {
                    name: user_id,
                    password: password.into(),
                    factor: settings.factor(),
                    organisation: None,
                    origin: LoginOrigin {
                        // It proves that the client is known.
                        device_tokens: token
                            .and_then(|token| Token::from_guid(REALM, token.trim()))
                            .into_iter()
                            .collect(),
                        ..LoginOrigin::new(REALM, None)
                    },
                }),
                remember_me,
            },
            (_, None, Some(_)) if settings.strict_remember_me && !remember_me => {
                return Err(Error::Invalid("remember_me"));
            }
            (_, None, Some(token)) => Login::Remembered { token },
            (Some(_), None, None) => return Err(Error::Missing("password")),
            (None, _, _) => return Err(Error::Missing("user_id")),
        };
        let ids = LoginIds::parse(&mut members, settings)?;
        Ok(Self { login, ids })
    }
}

/// `POST cross-authorize`. Team and project are for the services that accept the token.
pub(crate) struct CrossAuthorizeRequest {
    pub(crate) cross_token: String,
    pub(crate) ids: LoginIds,
    pub(crate) team: Option<Id>,
    pub(crate) project: Option<Id>,
}

impl CrossAuthorizeRequest {
    /// Parses the body of `POST cross-authorize`. A malformed team or project is ignored. `Err` if the cross token is
    /// missing or a member has a wrong type.
    pub(crate) fn parse(mut members: JsonObject, settings: &Settings) -> Result<Self, Error> {
        let cross_token = members.text("cross_token")?;
        Ok(Self {
            cross_token: cross_token.ok_or(Error::Missing("cross_token"))?,
            ids: LoginIds::parse(&mut members, settings)?,
            // A client whose team or project is malformed logs in all the same.
            team: Id::parse(&mut members, "team_id").unwrap_or_default(),
            project: Id::parse(&mut members, "project_id").unwrap_or_default(),
        })
    }
}

/// The ids that a login names.
pub(crate) struct LoginIds {
    pub(crate) client: Option<Id>,
    pub(crate) application: Option<Id>,
    /// The application id as it is spelled, once the directory is known to have it.
    pub(crate) registered: Option<String>,
}

impl LoginIds {
    /// Removes and parses the ids of client and application. `Err` if one is malformed, or if the operator requires an
    /// application id and there is none.
    fn parse(members: &mut JsonObject, settings: &Settings) -> Result<Self, Error> {
        let client = Id::parse(members, "client_id")?;
        let application = Id::parse(members, "application_id")?;
        if settings.require_application_id && application.is_none() {
            return Err(Error::Missing("application_id"));
        }
        Ok(Self {
            client,
            application,
            registered: None,
        })
    }
}

/// `POST auth-forgot`.
pub(crate) struct PasswordResetRequest {
    pub(crate) user_id: String,
    /// Whether a creator is named, which requests an invitation.
    pub(crate) names_creator: bool,
}

impl TryFrom<JsonObject> for PasswordResetRequest {
    type Error = Error;

    fn try_from(mut members: JsonObject) -> Result<Self, Error> {
        let user_id = members.text("user_id")?;
        let creator = Id::parse(&mut members, "creator_user_id")?;
        Ok(Self {
            user_id: user_id
                .filter(|user_id| !user_id.trim().is_empty())
                .ok_or(Error::Missing("user_id"))?,
            names_creator: creator.is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_creator_asks_for_an_invitation() {
        let names_creator = |body: &str| {
            let members = JsonObject::parse(body.as_bytes()).unwrap();
            PasswordResetRequest::try_from(members)
                .map(|request| request.names_creator)
                .ok()
        };
        let zeros = "00000000-0000-0000-0000-000000000000";
        assert_eq!(names_creator("{'user_id': 'a'}"), Some(false));
        for none in ["null".to_owned(), "''".to_owned(), format!("'{zeros}'")] {
            let body = format!("{{'user_id': 'a', 'creator_user_id': {none}}}");
            assert_eq!(names_creator(&body), Some(false), "{body}");
        }
        assert_eq!(
            names_creator(
                "{'user_id': 'a', 'creator_user_id': '31cb1181-2cbc-49dc-883a-0620e20140a4'}"
            ),
            Some(true)
        );
        assert_eq!(names_creator("{'user_id': ' '}"), None);
        assert_eq!(names_creator("{}"), None);
    }
}
