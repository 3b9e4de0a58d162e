//! Calls with two tokens, of which the gateway might read one and the back end the other.

use isogloss_testkit::dialects::{Dialect, dialect};

use super::attempt::{Attempt, Identity};
use super::identity_headers::with_query;
use crate::back_end::path;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const JSON: &str = "Content-Type: application/json";
const MULTIPART: &str = "Content-Type: multipart/form-data; boundary=b";

/// Queries of a call that has its token in a header, and whether it arrives.
const QUERIES: [(&str, bool); 16] = [
    ("token={token}", true),
    ("token={token}&token={token}", true),
    ("token=", true),
    ("token", true),
    ("Token={other}", true),
    ("a=b;token={other}", true),
    ("tokens={other}", true),
    ("token={other}", false),
    ("token={dead}", false),
    ("token=forged", false),
    ("%74oken={other}", false),
    ("token={token}&token={other}", false),
    ("token={other}&token={token}", false),
    ("a&token=&token={other}&b", false),
    ("token={token},{other}", false),
    ("token={token}%00", false),
];

/// Header lines of a call that has its token in another header, and whether it arrives.
const HEADERS: [(&str, bool); 12] = [
    ("Authorization: ApiToken {token}", true),
    ("authorization: bearer {token}", true),
    ("Authorization: Basic Zm9yZ2U6", true),
    ("Cookie: isogloss_session={token}", true),
    ("Cookie: Isogloss_Session={other}", true),
    ("Authorization: ApiToken {other}", false),
    ("Authorization: Bearer {dead}", false),
    ("Authorization: ApiToken {token}, ApiToken {other}", false),
    ("Cookie: isogloss_session={other}", false),
    (
        "Cookie: isogloss_session={token}; isogloss_session={other}",
        false,
    ),
    ("Cookie: a=b\r\nCookie: c=d;isogloss_session={other}", false),
    ("Cookie: isogloss_session=\"{other}\"", true),
];

/// Bodies of a call that has its token in a header, and whether it arrives.
const BODIES: [(&str, &str, bool); 23] = [
    (FORM, "token={token}&a=b", true),
    (FORM, "a=b&Token={other}", true),
    (FORM, "token={other}", false),
    (FORM, "%74oken={other}", false),
    (FORM, "token={token}&token={other}", false),
    (
        "content-type: APPLICATION/X-WWW-FORM-URLENCODED;charset=x",
        "token={other}",
        false,
    ),
    // JSON that is declared as a form: a server may read it in either way.
    (FORM, r#"{"token": "{token}"}"#, true),
    (FORM, r#"{"token": "{other}"}"#, false),
    (
        FORM,
        "\u{feff} \r\n{\"a\": 1, \"\\u0074oken\": \"{other}\"}",
        false,
    ),
    (
        FORM,
        r#"{"token": "{token}", "a": "&token={other}&b"}"#,
        false,
    ),
    (
        FORM,
        r#"{"token": "{other}", "a": "&token={token}&b"}"#,
        false,
    ),
    (
        FORM,
        r#"{"token": "{token}", "a": "&token={token}&b"}"#,
        true,
    ),
    (FORM, r#"["token", "{other}"]"#, true),
    (JSON, r#"{"token": "{token}"}"#, true),
    (JSON, r#"{"a": {"token": "{other}"}}"#, true),
    (JSON, r#"{"token": "{other}"}"#, false),
    (JSON, r#"{"\u0074oken": "{other}"}"#, false),
    (JSON, r#"{"token": "{token}", "token": "{other}"}"#, false),
    (JSON, r#"{"token": ["{other}"]}"#, true),
    (
        "Content-Type: application/json; charset=utf-8",
        "\u{feff}{\"token\": \"{other}\"}",
        false,
    ),
    (
        MULTIPART,
        "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n--b--\r\n",
        true,
    ),
    (
        MULTIPART,
        "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{other}\r\n--b--\r\n",
        false,
    ),
    (
        MULTIPART,
        "--b\r\ncontent-disposition: form-data; name=token\r\n\r\n{other}\r\n--b--\r\n",
        false,
    ),
];

pub(super) fn all() -> Vec<Attempt> {
    let memsource = dialect("memsource");
    let mut all = Vec::new();
    for (query, arrives) in QUERIES {
        let target = path(&memsource, &format!("list?{query}"));
        let attempt = Attempt::new(query, memsource).to("GET", target);
        all.push(unless(arrives, attempt));
    }
    for (lines, arrives) in HEADERS {
        all.push(unless(arrives, Attempt::new(lines, memsource).line(lines)));
    }
    for (media, body, arrives) in BODIES {
        all.push(unless(arrives, post(memsource, media, body)));
    }
    all.push(Attempt::bare("a dead token alone", memsource).line("Authorization: ApiToken {dead}"));
    all.extend(other_dialects());
    all
}

/// Calls of the other dialects, whose places differ.
fn other_dialects() -> Vec<Attempt> {
    let crmcom = dialect("crmcom");
    let write = |body: &str| {
        Attempt::bare(body, crmcom)
            .to("POST", path(&crmcom, "save"))
            .line(JSON)
            .content(body)
    };
    let optional = |name: &str| Attempt::bare(name, dialect("tokenlogin"));
    let anonymous = |query: &str| path(&dialect("tokenlogin"), &format!("list{query}"));
    vec![
        with_query("crmcom", "&token={token}", ""),
        with_query("crmcom", "&token={other}", "").refused(),
        with_query("crmcom", "", "Authorization: Bearer {other}"),
        write(r#"{"token": "{token}", "name": "x"}"#).arrives(Identity::Linguist),
        write(r#"{"name": "x", "token": "{dead}"}"#),
        write(r#"{"token": "{token}", "token": "{dead}"}"#),
        write(r#"{"name": {"token": "{token}"}}"#),
        write(r#"[{"token": "{token}"}]"#),
        with_query("bimplus", "&ACCESS_TOKEN={token}", ""),
        with_query("bimplus", "&api-token={other}", "").refused(),
        with_query("bimplus", "&API-Token={other}", "").refused(),
        with_query("bimplus", "", "Authorization: BimPlus {other}").refused(),
        with_query("bimplus", "", "Authorization: Bearer {token}"),
        with_query("tokenlogin", "&apitoken={token}", ""),
        with_query("tokenlogin", "&apitoken={other}", "").refused(),
        with_query("tokenlogin", "&%41piToken={dead}", "").refused(),
        // A token is optional there, but not the key of an application. Without a token, the back end gets no identity,
        // whatever the client says.
        optional("no token")
            .to("GET", anonymous("?APIKey=demo-api-key"))
            .arrives(Identity::Nobody),
        optional("no token, but a user")
            .to("GET", anonymous("?apikey=demo-api-key&a=b"))
            .line("X-Isogloss-User: forged\r\nx_isogloss_role: forged")
            .arrives(Identity::Nobody),
        optional("no token and no application key"),
        optional("no token and an unknown application key")
            .to("GET", anonymous("?APIKey=forged-api-key")),
        optional("an invalid token").to(
            "GET",
            path(
                &dialect("tokenlogin"),
                "list?APIKey=demo-api-key&APIToken={dead}",
            ),
        ),
        optional("a token without an application key")
            .to("GET", path(&dialect("tokenlogin"), "list?APIToken={token}")),
    ]
}

fn post(dialect: Dialect, media: &str, body: &str) -> Attempt {
    Attempt::new(format!("{media} {body}"), dialect)
        .to("POST", path(&dialect, "save"))
        .line(media)
        .content(body)
}

fn unless(arrives: bool, attempt: Attempt) -> Attempt {
    if arrives { attempt } else { attempt.refused() }
}
