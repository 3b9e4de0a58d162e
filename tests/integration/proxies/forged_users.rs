//! Clients that name another user to an application behind a proxy: a real Django, which logs in the user whom a header
//! names.

use isogloss_testkit::{Gateway, Store, roundtrip};

use super::application::Application;
use super::call;
use super::header_spoofing::{FORGED, PATH};
use super::proxy::{Behind, LOGIN_HOST, Proxy, Recipe};

/// Headers by which the application learns the user.
const NAMES: [&str; 3] = ["Remote-User", "X-Forwarded-User", "X-WEBAUTH-USER"];

/// Ways to send one of these headers. `NAME` is its name, and `N_A_M_E` the name with underscores.
const LINES: [&str; 21] = [
    "NAME: forged\r\nNAME: forged",
    "NAME: linguist\r\nNAME: forged",
    "NAME: forged\r\nN_A_M_E: forged",
    "N_A_M_E: forged\r\nNAME: forged",
    "NAME:\r\nNAME: forged",
    "NAME: forged, linguist",
    "NAME : forged",
    "NAME\t: forged",
    " NAME: forged",
    "X-A: b\r\n NAME: forged",
    "NAME:\r\n forged",
    "X-A: b\nNAME: forged",
    "X-A: b\rNAME: forged",
    "NAME\0: forged",
    "X-A: b\0\r\nNAME: forged",
    "NAME\u{ad}: forged",
    "Connection: close, NAME\r\nN_A_M_E: forged",
    "Connection: NAME\r\nConnection: close\r\nN_A_M_E: forged",
    "Connection: keep-alive, N_A_M_E\r\nNAME: forged",
    "Trailer: NAME\r\nNAME: forged",
    "X-Forwarded-Uri: /forged\r\nX-Original-Url: /forged\r\nNAME: forged",
];

/// Returns the spellings of a name that a server may take for it.
fn spellings(name: &str) -> Vec<String> {
    let mut spellings = vec![
        name.to_owned(),
        name.to_lowercase(),
        name.to_uppercase(),
        name.replace('-', "_"),
        name.to_lowercase().replace('-', "_"),
        name.to_uppercase().replace('-', "_"),
        name.replacen('-', "_", 1),
        name.replace('-', "."),
        name.replacen('-', ".", 1),
        name.replace('-', "~"),
        name.replace('-', "--"),
        name.replace('-', " "),
        format!("HTTP-{name}"),
        format!("HTTP_{}", name.to_uppercase().replace('-', "_")),
    ];
    if let Some((start, end)) = name.rsplit_once('-') {
        spellings.push(format!("{start}_{end}"));
        spellings.push(format!("{start}.{end}"));
    }
    let alternating = name.chars().enumerate().map(|(index, letter)| {
        if index % 2 == 0 {
            letter.to_ascii_lowercase()
        } else {
            letter.to_ascii_uppercase()
        }
    });
    spellings.push(alternating.collect());
    spellings
}

/// Returns the lines that each attempt adds to a call.
fn attempts() -> Vec<String> {
    let mut attempts = Vec::new();
    for name in NAMES {
        let spellings = spellings(name).into_iter();
        attempts.extend(spellings.map(|spelling| format!("{spelling}: {FORGED}")));
        attempts.extend(LINES.map(|lines| {
            let lines = lines.replace("NAME", name);
            lines.replace("N_A_M_E", &name.replace('-', "_"))
        }));
    }
    attempts
}

/// A gateway, an application, and a proxy in front of both.
struct Scene {
    recipe: Recipe,
    gateway: Gateway,
    application: Application,
    proxy: Proxy,
}

impl Scene {
    /// Starts all of them. `headers` are those that the gateway sends for applications.
    fn start(recipe: Recipe, headers: &str) -> Self {
        let gateway = Gateway::builder(crate::PROGRAM)
            .store(Store::Memory)
            .config_text("[server]\ntrusted_proxies = [\"127.0.0.1\"]")
            .config_text(format!("[forward_auth.headers]\n{headers}"))
            .start()
            .unwrap();
        let application = Application::start();
        let behind = Behind {
            dialect: "memsource",
            public: gateway.public(),
            management: gateway.management(),
            service: application.address,
            has_remote_user: !headers.is_empty(),
        };
        let proxy = Proxy::start(recipe, &behind);
        application.received();
        Self {
            recipe,
            gateway,
            application,
            proxy,
        }
    }

    /// Logs in and returns the token.
    fn log_in(&self) -> String {
        let dialect = isogloss_testkit::dialects::dialect("memsource");
        let login = dialect.request("linguist", "linguist-demo");
        let login = login.header("Host", LOGIN_HOST);
        let answer = login.send(self.gateway.public()).unwrap();
        dialect.token_of(&answer).unwrap()
    }

    /// Makes every attempt with the token and without one, and returns those that logged in another user than `user`, or
    /// reached the application without a token.
    fn successes(&self, token: &str, user: &str) -> Vec<String> {
        let host = self.recipe.host();
        let mut successes = Vec::new();
        for lines in attempts() {
            for authorization in ["", &format!("Authorization: ApiToken {token}\r\n")] {
                let message = format!(
                    "GET {PATH} HTTP/1.1\r\nHost: {host}\r\n{authorization}{lines}\r\nConnection: close\r\n\r\n"
                );
                // The proxy may respond to garbage in any way.
                drop(roundtrip(
                    &self.proxy.address.to_string(),
                    message.as_bytes(),
                ));
                let mut users = self.application.received();
                if !authorization.is_empty() {
                    // A proxy may drop its own header if the client asks for it.
                    users.retain(|name| name != user && !name.is_empty());
                }
                if !users.is_empty() {
                    successes.push(format!("{authorization}{lines}: {users:?}"));
                }
            }
        }
        successes
    }
}

#[test]
fn no_client_logs_in_as_another_user_of_an_application() {
    assert!(attempts().len() >= 60, "{}", attempts().len());
    for recipe in Recipe::all() {
        let scene = Scene::start(recipe, "Remote-User = \"user_name\"");
        let token = scene.log_in();
        let call = call("memsource", &token).header("Host", recipe.host());
        let answer = call.send(scene.proxy.address).unwrap();
        assert_eq!(answer.text(), "user: linguist", "{recipe:?}");
        assert_eq!(scene.application.received(), ["linguist"], "{recipe:?}");
        let successes = scene.successes(&token, "linguist");
        assert!(successes.is_empty(), "{recipe:?}: {successes:#?}");
    }
}

#[test]
fn no_client_logs_in_at_an_application_before_a_header_is_chosen() {
    for recipe in Recipe::all() {
        let scene = Scene::start(recipe, "");
        let token = scene.log_in();
        // Apache has the user name of the token, whatever the gateway sends to others.
        let successes = scene.successes(&token, "linguist");
        assert!(successes.is_empty(), "{recipe:?}: {successes:#?}");
    }
}
