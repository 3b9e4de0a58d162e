//! For each route a request as its document has it, which is granted.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::{Gateway, Request};
use serde_json::{Map, Value, json};

use crate::routes::{Body, Route};
use crate::tokens::{CLIENT, tokens};

const PATIENCE: Duration = Duration::from_secs(30);
const ACTIONS: &str = "/api/v1/Authentication";

/// A request that is granted, in its parts.
pub(crate) struct Documented {
    pub(crate) route: Route,
    pub(crate) query: Map<String, Value>,
    pub(crate) authorization: Option<String>,
    /// The members of the body; none where none is read.
    pub(crate) members: Map<String, Value>,
}

impl Documented {
    /// The request of a route, with live tokens of its own.
    pub(crate) fn of(route: Route, gateway: &Gateway) -> Self {
        let live = Live::new(gateway);
        let (mut query, mut members) = (Map::new(), Map::new());
        if let Some((name, value)) = route.query.split_once('=') {
            query.insert(name.to_owned(), value.into());
        }
        let place = match route.body {
            Body::Read | Body::JsonOnly => &mut members,
            Body::Ignored => &mut query,
        };
        if let Value::Object(parameters) = parameters(&route, &live) {
            place.extend(parameters);
        }
        Self {
            route,
            query,
            authorization: authorization(&route, &live),
            members,
        }
    }

    /// Whether the body is a form, as in the old API of Memsource.
    pub(crate) fn has_form(&self) -> bool {
        self.route.path.starts_with("/web/api/")
    }
}

fn parameters(route: &Route, live: &Live<'_>) -> Value {
    match (route.method, route.path) {
        ("POST", "/v2/authorize") => json!({
            "user_id": "admin", "password": "admin-demo", "remember_me": true, "client_id": CLIENT,
        }),
        (_, "/v2/cross-authorize") => json!({"cross_token": live.token("bimplus cross")}),
        (_, "/v2/auth-forgot") => json!({"user_id": "linguist"}),
        (_, "/v2/tokeninfo") => json!({"access_token": live.token("bimplus access")}),
        (_, "/crmapi/rest/v2/authentication/token") => {
            json!({"username": "admin", "password": "admin-demo", "organisation": "CRMDEMO"})
        }
        (_, "/crmapi/rest/v2/authentication/token/release") => {
            json!({"token": live.token("crmcom").to_uppercase()})
        }
        (_, "/crmapi/rest/v2/authentication/web_api_key/token") => {
            json!({"unit": "EE63A82C4FEBE02FF34E90DD1EBA5ABE"})
        }
        (_, "/api/v1/Authentication/Login") => json!({
            "userName": "admin", "password": "admin-demo",
            "deviceName": "d", "generateReAuthenticationToken": true,
        }),
        (_, "/api/v1/Authentication/TokenLogin") => {
            json!({"reAuthenticationToken": live.token("tokenlogin re-authentication")})
        }
        (_, "/api/v1/Authentication/RequestPasswordReset") => json!({"LoginName": "linguist"}),
        (_, "/api/v1/Authentication/FinishPasswordReset") => {
            json!({"ResetKey": live.reset_key(), "Password": "sample-demo"})
        }
        (_, "/api/v1/Authentication/Logout" | "/api/v1/Users/Me" | "/api/v1/Company") => {
            json!({"APIToken": live.token("tokenlogin session")})
        }
        (_, "/web/api/v3/auth/loginOther") => {
            json!({"token": live.memsource("memsource"), "userName": "linguist"})
        }
        (_, "/web/api2/v1/auth/loginOther" | "/web/api2/v3/auth/loginOther") => {
            json!({"userName": "linguist"})
        }
        (_, "/web/api/v3/auth/logout" | "/web/api/v3/auth/whoAmI") => {
            json!({"token": live.memsource("memsource")})
        }
        (_, "/web/login/authByToken") => {
            json!({"token": live.memsource("memsource loginOther"), "url": "/web/project"})
        }
        (_, path) if path.ends_with("/auth/login") || path.ends_with("/loginToSession") => {
            json!({"userName": "admin", "password": "admin-demo"})
        }
        _ => json!({}),
    }
}

fn authorization(route: &Route, live: &Live<'_>) -> Option<String> {
    let has_parameters = !matches!(route.body, Body::Ignored) || route.path == "/v2/tokeninfo";
    match route.path {
        // demo-web-api-key:
        "/crmapi/rest/v2/authentication/web_api_key/token" => {
            Some("Basic ZGVtby13ZWItYXBpLWtleTo=".to_owned())
        }
        path if path.starts_with("/v2/") && !has_parameters => {
            Some(format!("BimPlus {}", live.token("bimplus access")))
        }
        path if path.ends_with("/login") || path.ends_with("/loginToSession") => None,
        path if path.starts_with("/web/api2/") => {
            Some(format!("ApiToken {}", live.memsource("memsource")))
        }
        _ => None,
    }
}

/// Tokens as a gateway has just handed them out.
struct Live<'a> {
    gateway: &'a Gateway,
    tokens: Vec<(&'static str, String)>,
}

impl<'a> Live<'a> {
    fn new(gateway: &'a Gateway) -> Self {
        let tokens = tokens(gateway.public());
        Self { gateway, tokens }
    }

    fn token(&self, wanted: &str) -> &str {
        let found = self.tokens.iter().find(|(kind, _)| *kind == wanted);
        found.map(|(_, digits)| digits.as_str()).unwrap()
    }

    fn memsource(&self, wanted: &str) -> String {
        format!("30-{}", self.token(wanted))
    }

    /// The key in a letter that was asked for and has come.
    fn reset_key(&self) -> String {
        let path = format!("{ACTIONS}/RequestPasswordReset?APIKey=demo-api-key");
        let ask = Request::post(path).json(&json!({"LoginName": "sample"}));
        assert_eq!(ask.send(self.gateway.public()).unwrap().status, 200);
        let folder = self.gateway.folder().join("data/mail");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(key) = key_of("To: sample@example.com", &folder) {
                return key;
            }
            assert!(Instant::now() < deadline, "no letter came");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The only 32 hexadecimal digits in a letter that says so, which is taken out of the folder.
fn key_of(wanted: &str, folder: &Path) -> Option<String> {
    for file in fs::read_dir(folder).ok()?.map(|file| file.unwrap().path()) {
        let letter = fs::read_to_string(&file).unwrap();
        let mut words = letter.split(|c: char| !c.is_ascii_hexdigit());
        let key = words.find(|word| word.len() == 32);
        if let Some(key) = key.filter(|_| letter.contains(wanted)) {
            fs::remove_file(&file).unwrap();
            return Some(key.to_owned());
        }
    }
    None
}
