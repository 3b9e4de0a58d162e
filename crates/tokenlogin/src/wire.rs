//! Requests and answers as the vendor's help pages show them.

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use isogloss_core::{IssuedToken, User};
use secrecy::SecretString;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::binding::{Model, ModelState};
use crate::errors::Error;
use crate::query::Fields;

const LONGEST_DEVICE_NAME: usize = 256;

/// `AuthenticationInfo`, the body of `Login`.
pub(crate) struct AuthenticationInfo {
    pub(crate) user_name: String,
    pub(crate) password: SecretString,
    /// The device that wants a re-authentication token, if one does.
    pub(crate) device: Option<String>,
}

impl TryFrom<Model> for AuthenticationInfo {
    type Error = Error;

    fn try_from(mut model: Model) -> Result<Self, Error> {
        let mut state = ModelState::default();
        let user_name = model.text("userName", &mut state);
        let password = model.text("password", &mut state);
        let device = model.text("deviceName", &mut state);
        let wants_token = model.flag("generateReAuthenticationToken", &mut state);
        if user_name.is_none() {
            state.required("userName");
        }
        if password.is_none() {
            state.required("password");
        }
        if wants_token {
            match &device {
                None => state.required("deviceName"),
                Some(name) if name.chars().count() > LONGEST_DEVICE_NAME => {
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

/// `LoginData`, the answer to both.
pub(crate) struct LoginData {
    re_authentication_token: String,
    me: Option<CurrentUser>,
    session_token: String,
}

impl LoginData {
    /// Its members, in the order of the help page.
    pub(crate) const MEMBERS: [&'static str; 4] = [
        "Authenticated",
        "ReAuthenticationToken",
        "Me",
        "SessionToken",
    ];

    /// A login that went well.
    pub(crate) fn authenticated(session: &IssuedToken, re_authentication_token: String) -> Self {
        Self {
            re_authentication_token,
            me: Some(CurrentUser::from(&session.session.user)),
            session_token: session.token.hex(),
        }
    }

    /// A login that was refused.
    pub(crate) const fn refused() -> Self {
        Self {
            re_authentication_token: String::new(),
            me: None,
            session_token: String::new(),
        }
    }

    /// The answer, cut down to the fields that the caller wants.
    pub(crate) fn only(&self, fields: &Fields) -> Shown<'_> {
        Shown {
            data: self,
            members: fields.of(&Self::MEMBERS),
        }
    }

    /// The answer with all its fields.
    pub(crate) fn whole(&self) -> Shown<'_> {
        Shown {
            data: self,
            members: Self::MEMBERS.to_vec(),
        }
    }
}

/// Login data, as far as it is shown.
pub(crate) struct Shown<'a> {
    data: &'a LoginData,
    members: Vec<&'static str>,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for member in &self.members {
            match *member {
                "Authenticated" => map.serialize_entry(member, &self.data.me.is_some())?,
                "ReAuthenticationToken" => {
                    map.serialize_entry(member, &self.data.re_authentication_token)?;
                }
                "Me" => map.serialize_entry(member, &self.data.me)?,
                _ => map.serialize_entry(member, &self.data.session_token)?,
            }
        }
        map.end()
    }
}

/// `CurrentUser`, the member `Me`.
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct CurrentUser {
    #[serde(rename = "ID")]
    id: String,
    first_name: String,
    last_name: String,
    #[serde(rename = "ImageURL")]
    image_url: String,
}

impl From<&User> for CurrentUser {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            image_url: user.image_url.clone(),
        }
    }
}

/// A JSON answer; which JSON type it has is decided in `quirks`.
pub(crate) fn json(response: &mut HttpResponseBuilder, answer: &impl Serialize) -> HttpResponse {
    response
        .insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8"))
        .body(serde_json::to_vec(answer).unwrap_or_default())
}
