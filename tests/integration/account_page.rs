//! The account page: people set their passwords by links from e-mails.

mod browser;
mod links;
mod requests;
mod settings;

use isogloss_testkit::servers::wait_until;
use isogloss_testkit::{Builder, Gateway, MailServer, Request, Response};
use serde_json::{Value, json};

use crate::audit::events::of_file;

/// What links begin with.
const PAGE: &str = "https://login.example.com/account";
const GOOD: &str = "tundra violin 72 kettle";
const WEAK: &str = "password1234";

/// A gateway with the account page, and its mail server.
struct Site {
    gateway: Gateway,
    mail: MailServer,
}

impl Site {
    /// Starts a gateway with these further settings. `change` may set more.
    fn start(settings: &str, change: impl FnOnce(Builder) -> Builder) -> Self {
        let mail = MailServer::start("127.0.0.1").unwrap();
        let config = format!(
            "[server]\npublic_url = \"https://login.example.com/\"\naccount_path = \"/account\"\n\
             [mail]\ntransport = \"smtp://{}\"\n[account]\nissuer = \"Example & Co\"\n{settings}",
            mail.address()
        );
        let builder = Gateway::builder(crate::PROGRAM)
            .config_text(config)
            .env("ISOGLOSS__LOGGING__LEVEL", "trace");
        let gateway = change(builder).start().unwrap();
        gateway.wait_until_ready().unwrap();
        Self { gateway, mail }
    }

    fn get(&self, path: &str) -> Response {
        Request::get(path).send(self.gateway.public()).unwrap()
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let request = Request::post(path).form(body.finish());
        request.send(self.gateway.public()).unwrap()
    }

    fn request_link(&self, name: &str) -> Response {
        self.post("/account", &[("name", name)])
    }

    fn set_password(&self, path: &str, password: &str) -> Response {
        self.post(path, &[("password", password), ("repeat", password)])
    }

    fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let request = Request::new(method, format!("/admin/users{path}"))
            .header("Authorization", "Bearer demo-admin-key");
        let request = match body {
            Some(body) => request.json(body),
            None => request.body(""),
        };
        request.send(self.gateway.management()).unwrap()
    }

    /// Adds a user without a password, or of an authority.
    fn add(&self, name: &str, more: &Value) {
        let mut user = json!({"user_name": name, "organisation": "CRMDEMO"});
        if more.get("authority").is_none() {
            user["password"] = Value::Null;
        }
        let more = more.as_object().unwrap().clone();
        user.as_object_mut().unwrap().extend(more);
        let added = self.admin("POST", "", Some(&user));
        assert!(added.status < 300, "{}", added.text());
    }

    /// Invites a user, and returns the path of the link in the e-mail, which is the one of that number.
    fn invite(&self, name: &str, number: usize) -> String {
        let invited = self.admin("POST", &format!("/{name}/invite"), None);
        assert_eq!(invited.status, 200, "{}", invited.text());
        link(&self.mail.wait_for(number).unwrap()[number - 1])
    }

    /// Waits for that many audit events of a kind, and returns them.
    fn events(&self, kind: &str, count: usize) -> Vec<Value> {
        let path = self.gateway.folder().join("data/audit.jsonl");
        let mut events = Vec::new();
        let come = wait_until("the events are recorded", || {
            events = of_file(&path);
            events.retain(|event| event["event"] == kind);
            events.len() >= count
        });
        come.unwrap_or_else(|_| panic!("{events:#?}"));
        assert_eq!(events.len(), count, "{events:#?}");
        events
    }

    fn login(&self, name: &str, password: &str) -> u16 {
        let body = json!({"user_id": name, "password": password});
        let request = Request::post("/v2/authorize").json(&body);
        request.send(self.gateway.public()).unwrap().status
    }
}

/// Returns the lines of an e-mail as they were before they were folded and encoded.
fn unfolded(email: &str) -> String {
    email
        .replace("=\r\n", "")
        .replace("=\n", "")
        .replace("=3D", "=")
}

/// Returns the path of the link in an e-mail.
fn link(email: &str) -> String {
    let text = unfolded(email);
    let start = format!("{PAGE}/password/");
    let (_, rest) = text.split_once(&start).unwrap_or_else(|| panic!("{text}"));
    let token = rest.get(..32).unwrap();
    assert!(
        token.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{token}"
    );
    format!("/account/password/{token}")
}
