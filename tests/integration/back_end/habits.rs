//! What clients of each dialect do, and expect: where they put the token, and what comes back unchanged.

mod claims;
mod responses;
mod token_removal;
mod tokens_in_bodies;

use isogloss_testkit::dialects::{HeldToken, dialect, dialects};
use isogloss_testkit::{Gateway, RecordedRequest, Request, Step};

use super::{Settings, Site, call, carry, name_of, path};

/// A call with its token in the body.
struct Body {
    dialect: &'static str,
    media: &'static str,
    /// With `{token}` in it.
    text: &'static str,
}

const BODIES: [Body; 8] = [
    Body {
        dialect: "crmcom",
        media: "application/json",
        text: r#"{ "token" : "{token}", "customer": {"name": "Zoë"}, "amounts": [1.10, 2] }"#,
    },
    Body {
        dialect: "crmcom",
        media: "text/json; charset=utf-8",
        text: "{\"customer\":\n\t\"a\",\"token\":\"{token}\"}\n",
    },
    Body {
        dialect: "crmcom",
        media: "application/x-www-form-urlencoded",
        text: "name=a+b%20c&token={token}&empty=&flag",
    },
    // As `curl -d` declares any text.
    Body {
        dialect: "crmcom",
        media: "application/x-www-form-urlencoded",
        text: r#"{"customer": "a & b=c", "token": "{token}"}"#,
    },
    Body {
        dialect: "memsource",
        media: "application/x-www-form-urlencoded; charset=UTF-8",
        text: "token={token}&project=9&targetLang=de&targetLang=fr",
    },
    Body {
        dialect: "memsource",
        media: "application/json",
        text: r#"{"project":9,"token":"{token}"}"#,
    },
    Body {
        dialect: "memsource",
        media: "multipart/form-data; boundary=\"a b\"",
        text: "--a b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n--a b\r\n\
               Content-Disposition: form-data; name=\"file\"; filename=\"x.txt\"\r\n\
               Content-Type: text/plain\r\n\r\nab\u{0}\u{ff}\r\n\r\n--a b--\r\n",
    },
    Body {
        dialect: "memsource",
        media: "multipart/form-data; boundary=x",
        text: "preamble\r\n--x\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name=token\r\n\r\n\
               {token}\r\n--x--\r\nepilogue",
    },
];

impl Body {
    /// Returns the text with the token in it.
    fn filled(&self, held: &HeldToken) -> String {
        self.text.replace("{token}", &held.text)
    }

    fn request(&self, held: &HeldToken) -> Request {
        Request::post(path(&dialect(self.dialect), "save"))
            .header("Content-Type", self.media)
            .body(self.filled(held))
    }
}

/// A back end that sends back each body.
fn echo(settings: &Settings<'_>) -> Site {
    Site::start(settings, |_| vec![Step::Echo])
}

/// Checks that a request has the identity of the user `linguist` in that dialect.
fn assert_linguist(request: &RecordedRequest, dialect: &str, what: &str) {
    for (name, expected) in [
        ("X-Isogloss-User-Name", "linguist"),
        ("X-Isogloss-Role", "LINGUIST"),
        ("X-Isogloss-Organisation", "CRMDEMO"),
        ("X-Isogloss-Dialect", dialect),
        ("X-Isogloss-Actor", ""),
    ] {
        assert_eq!(request.all(name), [expected], "{what}: {name}");
    }
}

#[test]
fn a_token_counts_in_every_place_of_its_dialect_and_goes_on() {
    let site = echo(&Settings::default());
    for dialect in dialects() {
        let held = site.log_in(dialect, "linguist");
        for (number, carried) in held.carried().iter().enumerate() {
            let path = path(dialect, &format!("list-{number}"));
            let what = format!("{} {}", dialect.name, carried.text());
            let response = site.send(&carry(carried, "GET", &path));
            assert_eq!(response.status, 200, "{what}: {}", response.text());
            let arrived = site.only(&path);
            assert_linguist(&arrived, dialect.name, &what);
            let text = carried.text();
            assert!(arrived.text().contains(text), "{what}: {}", arrived.text());
        }
    }
}

#[test]
fn a_call_without_a_live_token_gets_the_refusal_of_its_dialect() {
    let site = echo(&Settings::default());
    for dialect in dialects() {
        let held = site.log_in(dialect, "linguist");
        let mut dead = held.clone();
        dead.text = held.text.replace(['1', 'a', 'A'], "2");
        for request in [
            Request::get(path(dialect, "list")),
            call(&dead, "GET", "list"),
        ] {
            let response = site.send(&request);
            assert_eq!(dialect.check_error(&response), Ok(()), "{}", dialect.name);
        }
    }
    assert_eq!(site.back_end.request_count(), 0);
}

#[test]
fn a_token_that_has_ended_is_refused_at_once() {
    let site = Site::start(&Settings::default(), |_| Step::text("done"));
    let memsource = dialect("memsource");
    let held = site.log_in(&memsource, "linguist");
    assert_eq!(site.send(&call(&held, "GET", "list")).text(), "done");
    let logout = Request::get(format!("/web/api/v3/auth/logout?token={}", held.text));
    assert_eq!(site.send(&logout).status, 200);
    let response = site.send(&call(&held, "GET", "list"));
    assert_eq!(
        (response.status, memsource.check_error(&response)),
        (401, Ok(()))
    );
    assert_eq!(site.back_end.request_count(), 1);
}

#[test]
fn without_a_back_end_unknown_paths_stay_unknown() {
    let gateway = Gateway::builder(crate::PROGRAM).start().unwrap();
    for dialect in dialects() {
        let (_, token) = dialect
            .login(gateway.public(), "linguist", "linguist-demo")
            .unwrap();
        let target = format!("{}?token={}", path(dialect, "list"), token.unwrap());
        let response = Request::get(target).send(gateway.public()).unwrap();
        assert_eq!(response.status, 404, "{}", dialect.name);
    }
}
