//! Which clients are known, and that no other client can lock them out.

use serde_json::Value;

use super::*;

const HOME: &str = "192.0.2.1";

/// Returns a login as the user's own client sends it, with a request to be remembered if the dialect has that.
fn own(dialect: Dialect, password: &str) -> Request {
    match dialect {
        Bimplus => Request::post("/v2/authorize").json(&json!({"user_id": "admin",
            "password": password, "client_id": "my desk", "remember_me": true})),
        Tokenlogin => Request::post("/api/v1/Authentication/Login?APIKey=demo-api-key").json(
            &json!({"userName": "admin", "password": password, "deviceName": "tablet",
                "generateReAuthenticationToken": true}),
        ),
        Crmcom | Memsource => dialect.login("admin", password),
    }
}

/// Returns logins with a token wherever the dialect's clients carry one, and under another name.
fn with_token(dialect: Dialect, password: &str, held: &Held) -> Vec<Request> {
    let (access, remember) = (&held.access, &held.remember);
    match dialect {
        Bimplus => {
            let login = json!({"user_id": "admin", "password": password});
            let mut remembered = login.clone();
            remembered["remember_me_token"] = json!(remember);
            let authorize = || Request::post("/v2/authorize");
            vec![
                authorize()
                    .json(&login)
                    .header("Authorization", format!("BimPlus {access}")),
                authorize().json(&remembered),
            ]
        }
        Crmcom => {
            let mut login = json!({"username": "admin", "password": password,
                "organisation": "CRMDEMO"});
            let path = "/crmapi/rest/v2/authentication/token";
            let in_query = Request::post(format!("{path}?token={access}")).json(&login);
            login["token"] = json!(access);
            vec![in_query, Request::post(path).json(&login)]
        }
        Tokenlogin => {
            let mut login = json!({"userName": "admin", "password": password});
            let path = "/api/v1/Authentication/Login?APIKey=demo-api-key";
            let in_query = Request::post(format!("{path}&APIToken={access}")).json(&login);
            login["reAuthenticationToken"] = json!(remember);
            vec![in_query, Request::post(path).json(&login)]
        }
        Memsource => {
            let form = format!("userName=admin&password={password}");
            let login = json!({"userName": "admin", "password": password});
            let api2 = Request::post("/web/api2/v1/auth/login").json(&login);
            let v3 = || Request::post("/web/api/v3/auth/login");
            vec![
                v3().form(format!("{form}&token={access}")),
                v3().form(form)
                    .header("Cookie", format!("isogloss_session={access}")),
                api2.header("Authorization", format!("ApiToken {access}")),
            ]
        }
    }
}

/// The tokens of a login.
struct Held {
    access: String,
    remember: String,
}

fn log_in(dialect: Dialect, server: SocketAddr) -> Held {
    let answer = forwarded(own(dialect, "admin-demo"), HOME)
        .send(server)
        .unwrap();
    let answer: Value = serde_json::from_str(&answer.text()).unwrap();
    let text = |pointer: &str| {
        let text = answer.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let (access, remember) = match dialect {
        Bimplus => ("/access_token", "/remember_me_token"),
        Crmcom => ("/data/token", ""),
        Tokenlogin => ("/SessionToken", "/ReAuthenticationToken"),
        Memsource => ("/token", ""),
    };
    let held = Held {
        access: text(access),
        remember: text(remember),
    };
    assert!(!held.access.is_empty(), "{dialect:?}: {answer}");
    held
}

fn spend(address: &str, server: SocketAddr) {
    for number in 0..20 {
        let login = Memsource.login(&format!("user-{number}"), "wrong");
        forwarded(login, address).send(server).unwrap();
    }
}

#[test]
fn thousand_sources_do_not_lock_out_an_owner_at_the_usual_address() {
    let gateway = gateway("account_tries = 2\nknown_client_tries = 3\nsource_tries = 5")
        .config_text(BEHIND_A_PROXY)
        .config_text(LONG_QUEUE)
        .start()
        .unwrap();
    let server = gateway.public();
    for dialect in DIALECTS {
        log_in(dialect, server);
    }
    concurrently(1000, |number| {
        let source = format!("203.{}.{}.7", number / 250, number % 250);
        for dialect in DIALECTS {
            // They send the same client name as the owner's clients.
            forwarded(own(dialect, "wrong"), &source)
                .send(server)
                .unwrap();
        }
    });
    assert_eq!(throttled(&gateway), 2000, "two of four from each source");
    for dialect in DIALECTS {
        let login = forwarded(own(dialect, "admin-demo"), HOME);
        assert_in(dialect, &login, server);
    }
}

#[test]
fn strangers_at_the_very_address_do_not_lock_out_an_owner_with_a_live_token() {
    for dialect in DIALECTS {
        let gateway = gateway("account_tries = 2\nknown_client_tries = 2\nsource_tries = 5")
            .config_text(BEHIND_A_PROXY)
            .start()
            .unwrap();
        let server = gateway.public();
        let held = log_in(dialect, server);
        for address in [HOME, "198.51.100.7"] {
            spend(address, server);
            for login in with_token(dialect, "admin-demo", &held) {
                assert_in(dialect, &forwarded(login, address), server);
            }
            let without = forwarded(own(dialect, "admin-demo"), address);
            let answer = without.send(server).unwrap().text();
            assert!(!is_in(dialect, &answer), "{dialect:?}: {answer}");
            let unknown = Held {
                access: held.access.replace(|c: char| c.is_ascii_alphabetic(), "0"),
                remember: "0".repeat(32),
            };
            for login in with_token(dialect, "admin-demo", &unknown) {
                let answer = forwarded(login, address).send(server).unwrap().text();
                assert!(!is_in(dialect, &answer), "{dialect:?}: {answer}");
            }
        }
        // The holder of a token has a budget, too, and it can be used up.
        let before = throttled(&gateway);
        for _ in 0..5 {
            for login in with_token(dialect, "wrong", &held) {
                forwarded(login, HOME).send(server).unwrap();
            }
        }
        let sent = 5 * with_token(dialect, "wrong", &held).len();
        assert_eq!(sent - (throttled(&gateway) - before), 2, "{dialect:?}");
    }
}
