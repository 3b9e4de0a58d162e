//! The request for a token: the credentials, the organisation and the unit.

use isogloss_core::AccessCard;
use secrecy::SecretString;

use crate::error::Error;
use crate::json_body::JsonObject;

/// `POST authentication/token`.
pub(crate) struct TokenRequest {
    pub(crate) login: Login,
    pub(crate) organisation: String,
    pub(crate) unit: Option<String>,
    /// A token from an earlier login.
    pub(crate) token: Option<String>,
}

/// The two ways to log in.
pub(crate) enum Login {
    Password {
        username: String,
        password: SecretString,
    },
    Card(AccessCard),
}

impl TryFrom<JsonObject> for TokenRequest {
    type Error = Error;

    fn try_from(members: JsonObject) -> Result<Self, Error> {
        let username = members.text("username")?;
        let password = members.text("password")?;
        // An older revision of the page spells it the American way.
        let organisation = members
            .text("organisation")?
            .or(members.text("organization")?);
        let unit = members.text("unit")?;
        // A login does not need it, so a malformed one is ignored.
        let token = members.text("token").unwrap_or_default();
        let login = match members.object("access_token_identifier")? {
            None => Login::Password {
                username: username.ok_or(Error::Missing("username"))?,
                password: password.ok_or(Error::Missing("password"))?.into(),
            },
            Some(_) if username.is_some() || password.is_some() => {
                return Err(Error::SemiOptional("username", "access_token_identifier"));
            }
            Some(identifier) => Login::Card(parse_card(&identifier)?),
        };
        Ok(Self {
            login,
            organisation: organisation.ok_or(Error::Missing("organisation"))?,
            unit,
            token,
        })
    }
}

/// Parses an access card, which the vendor calls an access token. `Err` unless it is either a code, or an identifier
/// with a pass code.
fn parse_card(identifier: &JsonObject) -> Result<AccessCard, Error> {
    let code = identifier.text("authentication_code")?;
    let name = identifier.text("identifier")?;
    let pass_code = identifier.text("pass_code")?;
    match (code, name, pass_code) {
        (Some(code), None, None) => Ok(AccessCard::Code(code.into())),
        (None, Some(identifier), Some(pass_code)) => Ok(AccessCard::Identifier {
            identifier,
            pass_code: pass_code.into(),
        }),
        (None, Some(_), None) => Err(Error::Missing("pass_code")),
        (Some(_), None, Some(_)) => Err(Error::SemiOptional("authentication_code", "pass_code")),
        (Some(_), Some(_), _) | (None, None, _) => {
            Err(Error::SemiOptional("authentication_code", "identifier"))
        }
    }
}
