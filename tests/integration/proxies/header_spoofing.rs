//! Requests of a client that claims another identity.

/// Path of the call that the attempts change.
pub(crate) const PATH: &str = "/app/call";
/// The identity that the attempts claim.
pub(crate) const FORGED: &str = "forged";

const NAMES: [&str; 16] = [
    "User",
    "User-Name",
    "User-Number",
    "Email",
    "Organisation",
    "Organisation-Id",
    "Unit",
    "Role",
    "Dialect",
    "Client",
    "Application",
    "Team",
    "Project",
    "Actor",
    "Expires",
    "Jwt",
];

/// Other spellings of a header, and other headers.
const SPELLINGS: &[(&str, &str)] = &[
    ("lower case", "x-isogloss-user: forged"),
    ("upper case", "X-ISOGLOSS-USER: forged"),
    ("mixed case", "x-IsOgLoSs-UsEr: forged"),
    ("upper case with underscores", "X_ISOGLOSS_USER: forged"),
    ("an underscore in front", "X_Isogloss-User: forged"),
    ("an underscore behind", "X-Isogloss_User: forged"),
    (
        "twice",
        "X-Isogloss-User: forged\r\nX-Isogloss-User: forged",
    ),
    (
        "in both spellings",
        "X-Isogloss-User: forged\r\nX_Isogloss_User: forged",
    ),
    ("a list", "X-Isogloss-User: a, forged"),
    (
        "empty, then forged",
        "X-Isogloss-User:\r\nX-Isogloss-User: forged",
    ),
    ("a space before the colon", "X-Isogloss-User : forged"),
    ("a tab before the colon", "X-Isogloss-User\t: forged"),
    ("a space in front", " X-Isogloss-User: forged"),
    ("a folded line", "X-A: b\r\n X-Isogloss-User: forged"),
    ("a folded value", "X-Isogloss-User:\r\n forged"),
    ("a bare line feed", "X-A: b\nX-Isogloss-User: forged"),
    ("a bare carriage return", "X-A: b\rX-Isogloss-User: forged"),
    ("a zero byte", "X-Isogloss-User\0: forged"),
    (
        "a zero byte in the value",
        "X-A: b\0\r\nX-Isogloss-User: forged",
    ),
    ("a long s", "X-I\u{17f}ogloss-User: forged"),
    ("a dotted capital i", "X-\u{130}sogloss-User: forged"),
    ("a soft hyphen", "X-Isogloss\u{ad}-User: forged"),
    (
        "named by Connection",
        "Connection: close, X-Isogloss-User\r\nX_Isogloss_User: forged",
    ),
    (
        "named by Keep-Alive",
        "Connection: keep-alive, x-isogloss-user, x-isogloss-role\r\nX-Isogloss-User: forged",
    ),
    (
        "Forwarded",
        "Forwarded: for=203.0.113.7;by=forged;host=forged",
    ),
    ("Forwarded in lower case", "forwarded: for=forged"),
    ("X-Forwarded-For", "X-Forwarded-For: forged"),
    (
        "the call is another",
        "X-Forwarded-Uri: /forged\r\nX-Forwarded-Method: DELETE\r\nX-Isogloss-User: forged",
    ),
    (
        "the call is another, for nginx",
        "X-Original-Uri: /forged\r\nX-Original-Url: /forged\r\nX-Rewrite-Url: /forged\r\nX-Isogloss-User: forged",
    ),
    (
        "another method",
        "X-Http-Method-Override: OPTIONS\r\nX-Isogloss-User: forged",
    ),
];

/// Lines that are added to the head, and a body.
pub(crate) struct Attempt {
    pub(crate) name: String,
    pub(crate) lines: String,
    pub(crate) body: String,
}

/// Returns all attempts at the service with this host name.
pub(crate) fn all(host: &str) -> Vec<Attempt> {
    let mut all = Vec::new();
    let mut head = |name: &str, lines: String| {
        all.push(Attempt {
            name: name.to_owned(),
            lines,
            body: String::new(),
        });
    };
    for name in NAMES {
        head(name, format!("X-Isogloss-{name}: {FORGED}\r\n"));
        let lines = format!("X_Isogloss_{}: {FORGED}\r\n", name.replace('-', "_"));
        head(&format!("{name} with underscores"), lines);
    }
    for (what, lines) in SPELLINGS {
        head(what, format!("{lines}\r\n"));
    }
    all.push(Attempt {
        name: "a trailer".to_owned(),
        lines: "Transfer-Encoding: chunked\r\nTrailer: X-Isogloss-User\r\n".to_owned(),
        body: "1\r\na\r\n0\r\nX-Isogloss-User: forged\r\nX_Isogloss_User: forged\r\n\r\n"
            .to_owned(),
    });
    let hidden =
        format!("GET /hidden HTTP/1.1\r\nHost: {host}\r\nX-Isogloss-User: {FORGED}\r\n\r\n");
    all.push(Attempt {
        name: "a request in the body of another".to_owned(),
        lines: "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        body: format!("0\r\n\r\n{hidden}"),
    });
    all.push(Attempt {
        name: "a request in the body of another, with a disguised header".to_owned(),
        lines: "Content-Length: 0\r\nTransfer-Encoding: xchunked\r\n".to_owned(),
        body: format!("0\r\n\r\n{hidden}"),
    });
    all.push(Attempt {
        name: "a request behind another".to_owned(),
        lines: "Content-Length: 0\r\n".to_owned(),
        body: hidden,
    });
    all
}
