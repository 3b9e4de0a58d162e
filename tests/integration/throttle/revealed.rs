//! What refusals reveal: never that a password is right and, once a source is locked, no names or clients.

use super::*;

/// What a client can see of a response, except for the remaining seconds of a lock.
type Seen = (u16, String, Vec<String>, bool);

fn seen(answer: &Response) -> Seen {
    let names = ["Content-Type", "WWW-Authenticate"];
    let headers = names.map(|name| answer.header(name).unwrap_or_default().to_owned());
    let lock = answer.header("Retry-After").map(|seconds| {
        let seconds: u32 = seconds.parse().unwrap();
        assert!((80_000..=86_400).contains(&seconds), "{seconds}");
    });
    (
        answer.status,
        answer.text(),
        headers.to_vec(),
        lock.is_some(),
    )
}

fn declared(dialect: Dialect, name: &str, password: &str, client: &str) -> Request {
    match dialect {
        Bimplus => Request::post("/v2/authorize")
            .json(&json!({"user_id": name, "password": password, "client_id": client})),
        Tokenlogin => Request::post("/api/v1/Authentication/Login?APIKey=demo-api-key").json(
            &json!({"userName": name, "password": password, "deviceName": client,
                "generateReAuthenticationToken": true}),
        ),
        Crmcom | Memsource => dialect.login(name, password),
    }
}

#[test]
fn a_spent_source_learns_nothing_of_names_and_clients() {
    for dialect in DIALECTS {
        let gateway = gateway("account_tries = 5\nknown_client_tries = 5\nsource_tries = 20")
            .start()
            .unwrap();
        let send = |name: &str, password: &str, client: &str| {
            let login = declared(dialect, name, password, client);
            seen(&login.send(gateway.public()).unwrap())
        };
        // The user has logged in from this address.
        send("admin", "admin-demo", "tablet");
        let mut before = Vec::new();
        for (name, client) in [
            ("admin", "tablet"),
            ("admin", "x"),
            ("linguist", "x"),
            ("nobody", "x"),
        ] {
            let answers: Vec<_> = (0..4).map(|_| send(name, "wrong", client)).collect();
            before.push(answers);
        }
        // The second list is left out: it contains a lock, after the four wrong passwords for the same user.
        assert_eq!(before[0], before[2], "{dialect:?}");
        assert_eq!(before[2], before[3], "{dialect:?}");
        while throttled(&gateway) < 10 {
            send("somebody", "wrong", "x");
            send("another", "wrong", "x");
        }
        let spent = send("nobody", "wrong", "x");
        for (name, password) in [
            ("admin", "admin-demo"),
            ("admin", "wrong"),
            ("linguist", "linguist-demo"),
            ("retired", "retired-demo"),
            ("guarded", "guarded-demo"),
            ("unknown", "wrong"),
        ] {
            for client in ["tablet", "x"] {
                let answer = send(name, password, client);
                assert_eq!(answer, spent, "{dialect:?} {name} {client}");
            }
        }
    }
}

#[test]
fn a_right_password_behind_which_something_is_missing_is_answered_and_counted_like_a_wrong_one() {
    for dialect in [Crmcom, Tokenlogin] {
        for rule in ["refuse", "append"] {
            let name = format!("{dialect:?}").to_lowercase();
            let gateway = gateway("account_tries = 6\nknown_client_tries = 6\ncode_tries = 2")
                .config_text(format!("[dialects.{name}]\nsecond_factor = '{rule}'"))
                .start()
                .unwrap();
            let answers = |name: &str, password: &str| -> Vec<_> {
                let login = dialect.login(name, password);
                let sent = (0..10).map(|_| login.send(gateway.public()).unwrap());
                sent.map(|answer| seen(&answer)).collect()
            };
            let unknown = answers("nobody", "wrong");
            assert_eq!(answers("retired", "retired-demo"), unknown, "{dialect:?}");
            assert_eq!(answers("guarded", "guarded-demo"), unknown, "{dialect:?}");
            let appended = answers("guarded@example.com", "guarded-demo000000");
            assert_eq!(appended, unknown, "{dialect:?} {rule}");
            assert!(throttled(&gateway) >= 4 * 4);
        }
    }
}

#[test]
fn a_host_is_repeated_only_if_a_trusted_proxy_claims_it() {
    let claims = |gateway: &Gateway, claims: &[(&str, &str)]| {
        let nothing = Request::get("/api/v1/Nothing");
        let nothing = claims.iter().fold(nothing, |request, (name, value)| {
            request.header(*name, *value)
        });
        nothing.send(gateway.public()).unwrap().text()
    };
    let all = [
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "gopher"),
        ("Forwarded", "host=worse.example;proto=gopher"),
    ];
    let text = |address: &str| {
        format!(
            r#"{{"Message":"No HTTP resource was found that matches the request URI '{address}/api/v1/Nothing'."}}"#
        )
    };
    let gateway = gateway("").start().unwrap();
    let own = text(&format!("http://{}", gateway.public()));
    for count in 0..=all.len() {
        assert_eq!(claims(&gateway, &all[..count]), own);
    }
    let behind = self::gateway("")
        .config_text(BEHIND_A_PROXY)
        .start()
        .unwrap();
    assert_eq!(claims(&behind, &all), text("gopher://evil.example"));
    let forwarded = "[server]\ntrusted_proxies = ['127.0.0.1']\nproxy_header = 'forwarded'";
    let behind = self::gateway("").config_text(forwarded).start().unwrap();
    assert_eq!(claims(&behind, &all), text("gopher://worse.example"));
}
