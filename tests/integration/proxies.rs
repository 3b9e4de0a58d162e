//! Proxies with the configurations in docs.
//!
//! Which calls they let through, the responses to others, and that no client can claim an identity by itself.

mod application;
mod documented_files;
mod forged_users;
mod gateway_routes;
mod header_spoofing;
mod one_name;
mod proxy;
mod recipes;
mod upstream_service;

use isogloss_testkit::dialects::dialect;
use isogloss_testkit::{Gateway, Redis, Request, Response, Store, roundtrip};

use crate::proxies::header_spoofing::{FORGED, PATH};
use crate::proxies::proxy::{Behind, Kind, LOGIN_HOST, Proxy, Recipe};
use crate::proxies::upstream_service::{ReceivedRequest, Service, variable};

/// A gateway, and a proxy that asks it about each call before it forwards the call to a service.
struct Scene {
    recipe: Recipe,
    gateway: Gateway,
    service: Service,
    proxy: Proxy,
}

impl Scene {
    fn new(recipe: Recipe, dialect: &'static str, store: Store) -> Self {
        let gateway = Gateway::builder(crate::PROGRAM)
            .store(store)
            .config_text("[server]\ntrusted_proxies = [\"127.0.0.1\"]")
            .env("ISOGLOSS__USAGE__FLUSH_INTERVAL", "20ms")
            .start()
            .unwrap();
        let service = Service::start();
        let behind = Behind {
            dialect,
            public: gateway.public(),
            management: gateway.management(),
            service: service.address,
            has_remote_user: false,
        };
        let proxy = Proxy::start(recipe, &behind);
        Self {
            recipe,
            gateway,
            service,
            proxy,
        }
    }

    /// Logs in through the proxy and returns the token.
    fn log_in(&self, dialect: &str, user: &str) -> String {
        let dialect = self::dialect(dialect);
        let login = dialect.request(user, &format!("{user}-demo"));
        let answer = login
            .header("Host", LOGIN_HOST)
            .send(self.proxy.address)
            .unwrap();
        let token = dialect.token_of(&answer);
        token.unwrap_or_else(|| panic!("{}", answer.text()))
    }

    fn call(&self, request: Request) -> Response {
        request
            .header("Host", self.recipe.host())
            .send(self.proxy.address)
            .unwrap()
    }
}

/// Returns a call with the token where clients of the dialect put it.
fn call(dialect: &str, token: &str) -> Request {
    call_to(("GET", PATH), dialect, token)
}

/// Returns a call of this method and path in the same way.
fn call_to((method, path): (&str, &str), dialect: &str, token: &str) -> Request {
    let with_query = |query: &str| Request::new(method, format!("{path}?{query}"));
    let with_header = |scheme: &str| {
        Request::new(method, path).header("Authorization", format!("{scheme} {token}"))
    };
    match dialect {
        "bimplus" => with_header("BimPlus"),
        "crmcom" => with_query(&format!("token={token}")),
        "tokenlogin" => with_query(&format!("APIKey=demo-api-key&APIToken={token}")),
        _ => with_header("ApiToken"),
    }
}

fn only(received: &[ReceivedRequest]) -> &ReceivedRequest {
    assert_eq!(received.len(), 1, "{received:?}");
    &received[0]
}

#[test]
fn a_live_token_is_let_through_and_the_service_learns_whose_it_is() {
    for recipe in Recipe::all() {
        for dialect in ["bimplus", "crmcom", "tokenlogin", "memsource"] {
            let scene = Scene::new(recipe, dialect, Store::Memory);
            let token = scene.log_in(dialect, "linguist");
            let answer = scene.call(call(dialect, &token));
            assert_eq!(
                (answer.status, &*answer.text()),
                (200, "service"),
                "{recipe:?} {dialect}"
            );
            let received = scene.service.received();
            let head = only(&received);
            assert_eq!(
                head.all("X-Isogloss-User-Name"),
                ["linguist"],
                "{recipe:?} {dialect}"
            );
            assert_eq!(head.all("X-Isogloss-Role"), ["LINGUIST"]);
            assert_eq!(head.all("X-Isogloss-Dialect"), [dialect]);
            assert!(head.all("X-Isogloss-Actor").concat().is_empty());
        }
    }
}

#[test]
fn a_dead_token_is_refused_in_the_words_of_its_dialect() {
    for recipe in Recipe::all() {
        for (dialect, dead, status, words) in [
            (
                "bimplus",
                "35eb2b5e94b54d5aafa6b6a7b6e8de01",
                401,
                "invalid_token",
            ),
            (
                "crmcom",
                "35EB2B5E94B54D5AAFA6B6A7B6E8DE01",
                401,
                "COM.CRM.EXCEPTION.SECURITY.INVALIDTOKENEXCEPTION",
            ),
            (
                "tokenlogin",
                "35eb2b5e94b54d5aafa6b6a7b6e8de01",
                401,
                "Authorization has been denied",
            ),
            (
                "memsource",
                "35-35eb2b5e94b54d5aafa6b6a7b6e8de01",
                401,
                "AuthUnauthorized",
            ),
        ] {
            let scene = Scene::new(recipe, dialect, Store::Memory);
            let answer = scene.call(call(dialect, dead));
            // They request the error response, with the status that clients of this dialect read.
            let requests_it = matches!(recipe.kind, Kind::Nginx | Kind::Apache);
            let status = if requests_it && dialect == "crmcom" {
                200
            } else {
                status
            };
            assert_eq!(answer.status, status, "{recipe:?} {dialect}");
            assert!(
                answer.text().contains(words),
                "{recipe:?} {dialect}: {}",
                answer.text()
            );
            assert!(scene.service.received().is_empty());
        }
    }
}

#[test]
fn a_session_that_has_ended_is_refused_at_the_next_call() {
    for recipe in Recipe::all() {
        let scene = Scene::new(recipe, "memsource", Store::Memory);
        let token = scene.log_in("memsource", "linguist");
        for _ in 0..2 {
            let answer = scene.call(call("memsource", &token));
            assert_eq!(answer.status, 200, "{recipe:?}");
        }
        let logout = Request::post("/web/api/v3/auth/logout")
            .header("Authorization", format!("ApiToken {token}"))
            .send(scene.gateway.public());
        assert!(logout.unwrap().status < 300, "{recipe:?}");
        scene.service.received();
        let answer = scene.call(call("memsource", &token));
        assert_eq!(answer.status, 401, "{recipe:?}");
        assert!(scene.service.received().is_empty(), "{recipe:?}");
    }
}

#[test]
fn with_the_store_away_nobody_is_let_through_nor_told_that_a_token_is_dead() {
    for recipe in Recipe::all() {
        let mut redis = Redis::start().unwrap();
        let mut scene = Scene::new(recipe, "memsource", Store::Redis(redis.url()));
        let token = scene.log_in("memsource", "linguist");
        redis.stop().unwrap();
        let answer = scene.call(call("memsource", &token));
        assert_eq!(answer.status, 503, "{recipe:?}");
        // Envoy replaces every 5xx response with its own.
        let in_words = answer.text().contains("ServiceUnavailable");
        assert_eq!(
            in_words,
            recipe.kind != Kind::Envoy,
            "{recipe:?}: {}",
            answer.text()
        );
        assert!(scene.service.received().is_empty());
        scene.gateway.kill().unwrap();
        let answer = scene.call(call("memsource", &token));
        // mod_oauth2 does not distinguish a gateway that it cannot reach from an invalid token.
        let is_apache = (recipe.kind, answer.status) == (Kind::Apache, 401);
        assert!(
            answer.status >= 500 || is_apache,
            "{recipe:?}: {}",
            answer.status
        );
        assert!(scene.service.received().is_empty());
    }
}

#[test]
fn nobody_says_by_himself_who_he_is() {
    for recipe in Recipe::all() {
        let scene = Scene::new(recipe, "memsource", Store::Memory);
        let token = scene.log_in("memsource", "linguist");
        scene.call(call("memsource", &token));
        let genuine = only(&scene.service.received()).clone();
        let host = recipe.host();
        let attempts = header_spoofing::all(host);
        assert!(attempts.len() >= 50, "{}", attempts.len());
        for attempt in attempts {
            // HAProxy has passed trailers on until its version 3.2. No server takes them for headers.
            if recipe.kind == Kind::Haproxy && attempt.name == "a trailer" {
                continue;
            }
            for authorization in ["", &format!("Authorization: ApiToken {token}\r\n")] {
                let message = format!(
                    "GET {PATH} HTTP/1.1\r\nHost: {host}\r\n{authorization}{}Connection: close\r\n\r\n{}",
                    attempt.lines, attempt.body
                );
                // The proxy may respond to garbage in any way, as long as nothing reaches the service.
                drop(roundtrip(
                    &scene.proxy.address.to_string(),
                    message.as_bytes(),
                ));
                let received = scene.service.received();
                let who = format!("{recipe:?}, {}, with {authorization:?}", attempt.name);
                if authorization.is_empty() {
                    assert!(received.is_empty(), "{who}: {received:?}");
                }
                for head in received {
                    assert_same_identity(&head, &genuine, &who);
                }
            }
        }
    }
}

/// Checks that all headers with an identity come from the gateway.
fn assert_same_identity(head: &ReceivedRequest, genuine: &ReceivedRequest, who: &str) {
    assert_eq!(head.line, format!("GET {PATH} HTTP/1.1"), "{who}");
    for (name, value) in &head.headers {
        if name.contains("ISOGLOSS") {
            let values = genuine.all(&name.replace('_', "-"));
            assert!(values.contains(&value.as_str()), "{who}: {name}: {value}");
            assert!(
                head.all(&name.replace('_', "-")).len() <= 1,
                "{who}: {name}"
            );
        }
        let names_addresses = ["FORWARDED", "X_FORWARDED_FOR", "X_REAL_IP"];
        if names_addresses.contains(&name.as_str()) {
            assert!(!value.contains(FORGED), "{who}: {name}: {value}");
        }
    }
    assert!(!variable("x-isogloss-user").is_empty());
}
