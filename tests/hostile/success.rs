//! What the success of each route looks like, as its document has it.

use isogloss_testkit::Response;
use serde_json::{Map, Value, json};

use crate::refusal::medias;
use crate::routes::Route;

enum Success {
    /// JSON, an object.
    Object {
        always: &'static [&'static str],
        sometimes: &'static [&'static str],
    },
    /// JSON, a list of objects.
    List(&'static [&'static str]),
    /// CRM.COM's envelope, with these data.
    Envelope(&'static [&'static str]),
    /// No body, and this status.
    Nothing(u16),
    /// To a page, with a cookie.
    Redirect,
}

/// How much of the documented answer must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    /// The caller may have asked for some members only.
    Some,
}

const fn object(always: &'static [&'static str]) -> Success {
    Success::Object {
        always,
        sometimes: &[],
    }
}

impl Success {
    fn of(route: &Route) -> Self {
        let login_data = &[
            "Authenticated",
            "ReAuthenticationToken",
            "Me",
            "SessionToken",
        ];
        match (route.method, route.path) {
            ("POST", "/v2/authorize" | "/v2/cross-authorize") => Self::Object {
                always: &["access_token", "expires_in", "client_id", "token_type"],
                sometimes: &[
                    "application_id",
                    "remember_me",
                    "remember_me_token",
                    "remember_me_expires_in",
                ],
            },
            ("GET", "/v2/authorize" | "/v2/tokeninfo") => {
                object(&["user_id", "audience", "expires_in"])
            }
            ("DELETE", "/v2/authorize") | ("POST", "/v2/auth-forgot") => object(&[]),
            ("POST", "/v2/cross-token") => object(&["cross_token", "expires_in", "token_type"]),
            ("GET", "/v2/user") => object(PROFILE),
            ("GET", "/v2/teams") => Self::List(TEAM),
            ("GET", "/v2/hello") => object(HELLO),
            ("GET", "/v2/configurations") => object(CONFIGURATIONS),
            ("GET", "/v2/configurations/ForgotPassword") => object(&["ForgotPassword"]),
            ("GET", "/v2/configurations/NotRegistered") => object(&["NotRegistered"]),
            ("GET", "/v2/configurations/TeamLink") => object(&["TeamLink"]),
            ("GET", "/v2/configurations/PortalUrl") => object(&["PortalUrl"]),
            (_, "/crmapi/rest/v2/authentication/token/release") => Self::Envelope(&[]),
            _ if route.dialect == "crmcom" => Self::Envelope(&["token"]),
            (_, "/api/v1/Authentication/Logout") => object(&[]),
            (_, "/api/v1/Authentication/RequestPasswordReset") => Self::Nothing(200),
            (_, "/api/v1/Users/Me") => object(USER),
            (_, "/api/v1/Company") => object(&["Name", "ImageURL", "SecuritySettings"]),
            _ if route.dialect == "tokenlogin" => object(login_data),
            (_, "/web/login/authByToken") => Self::Redirect,
            (_, "/web/api/v3/auth/logout") => Self::Nothing(200),
            (_, "/web/api2/v1/auth/logout") => Self::Nothing(204),
            (_, "/web/api/v3/auth/whoAmI") => object(&["user"]),
            (_, "/web/api2/v1/auth/whoAmI") => {
                object(&["user", "csrfToken", "organization", "edition", "features"])
            }
            (_, "/web/api2/v1/auth/loginToSession" | "/web/api2/v3/auth/loginToSession") => {
                object(&["user", "cookie", "csrfToken"])
            }
            _ => object(&["user", "token", "expires"]),
        }
    }
}

const PROFILE: &[&str] = &[
    "teams",
    "id",
    "email",
    "status",
    "firstname",
    "lastname",
    "company",
    "fullname",
    "displayname",
    "info",
    "phoneWork",
    "phoneHome",
    "fax",
    "mobile",
    "birthDate",
    "hasAcceptedTerms",
];
const TEAM: &[&str] = &[
    "slug",
    "name",
    "displayname",
    "owner",
    "status",
    "teamWorksConnection",
    "dataStorageStatus",
    "ismyteam",
    "rights",
    "id",
];
const HELLO: &[&str] = &[
    "message",
    "hello_param",
    "server",
    "environment",
    "iisRunning",
];
const CONFIGURATIONS: &[&str] = &[
    "Environment",
    "ForgotPassword",
    "NotRegistered",
    "TeamLink",
    "PortalUrl",
];
const USER: &[&str] = &[
    "UserID",
    "FirstName",
    "LastName",
    "ImageURL",
    "loginName",
    "ImageSettings",
    "IsDeleted",
];

/// Whether this is the success that the route documents: status, media type and the body's members.
pub(crate) fn check(route: &Route, extent: Extent, response: &Response) -> Result<(), String> {
    let success = Success::of(route);
    let status = match success {
        Success::Nothing(status) => status,
        Success::Redirect => 302,
        Success::Object { .. } | Success::List(_) | Success::Envelope(_) => 200,
    };
    if response.status != status {
        return Err(format!("{} is no success here", response.status));
    }
    let media = response.header("Content-Type");
    if matches!(success, Success::Nothing(_) | Success::Redirect) {
        let headers = ["Location", "Set-Cookie"].map(|name| response.header(name).is_some());
        let leads = headers == [status == 302; 2];
        let empty = response.body.is_empty() && media.is_none();
        return (empty && leads)
            .then_some(())
            .ok_or_else(|| "not the empty answer that is documented".to_owned());
    }
    let medias = medias(route.dialect);
    if !media.is_some_and(|media| medias.contains(&media)) {
        return Err(format!(
            "the media type is {media:?}, not one of {medias:?}"
        ));
    }
    let body = response.json().map_err(|failure| failure.to_string())?;
    let shaped = match (&success, &body) {
        (Success::Object { always, sometimes }, Value::Object(members)) => {
            has(members, always, sometimes)
                || extent == Extent::Some && !members.is_empty() && has(members, &[], always)
        }
        (Success::List(names), Value::Array(items)) => items
            .iter()
            .all(|item| item.as_object().is_some_and(|item| has(item, names, &[]))),
        (Success::Envelope(names), _) => is_envelope(&body, names),
        _ => false,
    };
    shaped
        .then_some(())
        .ok_or_else(|| format!("{body} is not what is documented"))
}

fn has(members: &Map<String, Value>, always: &[&str], sometimes: &[&str]) -> bool {
    let known = |name: &String| always.contains(&&**name) || sometimes.contains(&&**name);
    always.iter().all(|name| members.contains_key(*name)) && members.keys().all(known)
}

fn is_envelope(body: &Value, names: &[&str]) -> bool {
    let message = &body["status"]["message"];
    let status = json!({"code": "OK", "message": message, "description": message});
    let data = body["data"].as_object();
    body["status"] == status
        && body.as_object().is_some_and(|body| body.len() == 2)
        && data.is_some_and(|data| has(data, names, &[]))
}
