//! The console on the management listener, as a browser and as a foreign page see it.

mod acts;
mod browser;
mod events;
mod foreign_pages;
mod hostile_texts;
mod outage;
mod refusals;
mod scopes;
mod sign_in;
mod throttle;
mod trials;
mod usage;

use isogloss_testkit::{Builder, Gateway, Request, Response};
use serde_json::{Value, json};

/// Switches on all that pages show.
const CONSOLE: &str = "\
[server]
public_url = \"https://login.example.com\"
account_path = \"/account\"
[management]
console = true
[audit]
database = true
";

/// Starts a gateway with the console. `change` may set more.
fn start(change: impl FnOnce(Builder) -> Builder) -> Gateway {
    let builder = Gateway::builder(crate::PROGRAM).config_text(CONSOLE);
    let gateway = change(builder).start().unwrap();
    gateway.wait_until_ready().unwrap();
    gateway
}

/// Returns the response of the admin API to a request with the demo's key.
fn admin(gateway: &Gateway, method: &str, path: &str, body: Option<&Value>) -> Value {
    let request = Request::new(method, path).header("Authorization", "Bearer demo-admin-key");
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    let response = request.send(gateway.management()).unwrap();
    assert!(response.status < 300, "{}", response.text());
    response.json().unwrap_or_default()
}

/// Creates a key of the realm `admin` with these scopes, and returns its text.
fn key_with(gateway: &Gateway, scopes: &[&str]) -> String {
    let label = format!("with {}", scopes.join(" "));
    let key = json!({"realm": "admin", "label": label, "scopes": scopes});
    let made = admin(gateway, "POST", "/admin/keys", Some(&key));
    made["key"].as_str().unwrap().to_owned()
}

/// Returns the identifier of a user.
fn id_of(gateway: &Gateway, user: &str) -> String {
    let user = admin(gateway, "GET", &format!("/admin/users/{user}"), None);
    user["id"].as_str().unwrap().to_owned()
}

/// Returns a form body with these fields.
fn encoded(fields: &[(&str, &str)]) -> String {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields).finish()
}

/// Returns the response to the form with which one signs in.
fn sign_in(gateway: &Gateway, key: &str) -> Response {
    let form = Request::post("/console/sign-in").form(encoded(&[("key", key)]));
    form.send(gateway.management()).unwrap()
}

/// Returns the name and the value of the cookie that a response sets.
fn cookie_of(response: &Response) -> Option<String> {
    let cookie = response.header("Set-Cookie")?;
    Some(cookie.split(';').next()?.to_owned())
}

/// A session at the console, without scripts.
struct Tab<'g> {
    gateway: &'g Gateway,
    cookie: String,
}

impl<'g> Tab<'g> {
    /// Signs in with a key.
    fn open(gateway: &'g Gateway, key: &str) -> Self {
        let response = sign_in(gateway, key);
        assert_eq!(response.status, 303, "{}", response.text());
        let cookie = cookie_of(&response).unwrap();
        Self { gateway, cookie }
    }

    fn get(&self, path: &str) -> Response {
        let request = Request::get(path).header("Cookie", &self.cookie);
        request.send(self.gateway.management()).unwrap()
    }

    /// Returns a page that must be shown.
    fn page(&self, path: &str) -> String {
        let response = self.get(path);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        response.text()
    }

    /// Returns the token that the forms of the session have.
    fn form_token(&self) -> String {
        // Pages that are refused have no forms; the first one that the key may see has the form that signs out.
        let first = self.get("/console");
        let page = self.page(first.header("Location").unwrap());
        let (_, rest) = page.split_once("name=\"form_token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends a form of a page of the session.
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let token = self.form_token();
        let fields = [&[("form_token", token.as_str())], fields].concat();
        self.post_as_is(path, &fields)
    }

    /// Sends a form with exactly these fields.
    fn post_as_is(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request = Request::post(path).header("Cookie", &self.cookie);
        let request = request.form(encoded(fields));
        request.send(self.gateway.management()).unwrap()
    }

    /// Sends a form, which must lead to another page, and returns that page.
    fn act(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let response = self.post(path, fields);
        assert_eq!(response.status, 303, "{path}: {}", response.text());
        self.page(response.header("Location").unwrap())
    }
}
