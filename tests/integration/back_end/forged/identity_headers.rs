//! Headers with which a client claims an identity.

use isogloss_testkit::dialects::dialect;

use super::attempt::{Attempt, FORGED};
use crate::back_end::IDENTITY_HEADERS;

/// Lines that a server could take for a header with an identity, if they arrived.
const DISGUISED: [&str; 22] = [
    "X-Isogloss-User: forged\r\nX-Isogloss-User: forged",
    "X-Isogloss-User: forged\r\nX_Isogloss_User: forged",
    "X-Isogloss-User: a, forged",
    "X-Isogloss-User:\r\nX-Isogloss-User: forged",
    "X-Isogloss-User:forged\t ",
    "X_Isogloss-User: forged",
    "X-Isogloss_User: forged",
    "x_isogloss_user: forged",
    "X-ISOGLOSS_user-NAME: forged",
    "X-Isogloss-: forged",
    "X-Isogloss--User: forged",
    "X-Isogloss-Groups: forged",
    "X_ISOGLOSS_GROUPS: forged",
    "X-A: b\nX-Isogloss-User: forged",
    // Some servers write every character but letters and digits as an underscore.
    "X.Isogloss.User: forged",
    "X-Isogloss.User: forged",
    "X-Isogloss~User: forged",
    "x!isogloss*user: forged",
    // The headers that the next proxy is asked to remove are not those that the gateway adds.
    "Connection: close, X-Isogloss-User\r\nX-Isogloss-User: forged",
    "Connection: X-Isogloss-User, X-Isogloss-Role, X-Isogloss-Dialect\r\nConnection: close",
    "Connection: keep-alive, x-isogloss-user, x-isogloss-role\r\nX-Isogloss-User: forged",
    "Keep-Alive: X-Isogloss-User\r\nConnection: close, keep-alive, x_isogloss_user",
];

/// Lines that are no HTTP.
const MALFORMED: [&str; 14] = [
    "X-Isogloss-User : forged",
    "X-Isogloss-User\t: forged",
    " X-Isogloss-User: forged",
    "X-A: b\r\n X-Isogloss-User: forged",
    "X-A: b\r\n\tX-Isogloss-User: forged",
    "X-Isogloss-User:\r\n forged",
    "X-A: b\rX-Isogloss-User: forged",
    "X-Isogloss-User\0: forged",
    "X-A: b\0\r\nX-Isogloss-User: forged",
    "X-I\u{17f}ogloss-User: forged",
    "X-\u{130}sogloss-User: forged",
    "X-Isogloss\u{ad}-User: forged",
    "X-Isogloss-User",
    ": forged\r\nX-Isogloss-User: forged",
];

pub(super) fn all() -> Vec<Attempt> {
    let memsource = dialect("memsource");
    let mut all = Vec::new();
    for name in IDENTITY_HEADERS {
        let spellings = [
            name.to_owned(),
            name.replace('-', "_"),
            name.to_uppercase(),
            name.to_lowercase(),
        ];
        for spelling in spellings {
            let line = format!("{spelling}: {FORGED}");
            all.push(Attempt::new(&spelling, memsource).line(line));
        }
        let line = format!("{name}: {FORGED}");
        all.push(Attempt::bare(format!("{name} without a token"), memsource).line(line));
    }
    for lines in DISGUISED {
        all.push(Attempt::new(lines, memsource).line(lines));
        all.push(Attempt::bare(format!("{lines} without a token"), memsource).line(lines));
    }
    for lines in MALFORMED {
        all.push(Attempt::new(lines, memsource).line(lines).refused());
    }
    for name in ["bimplus", "crmcom", "tokenlogin"] {
        let lines = "X-Isogloss-User: forged\r\nx_isogloss_role: forged";
        all.push(with_query(name, "", lines));
    }
    all
}

/// Returns a call of a dialect that can carry its token in the query, with more in it.
pub(super) fn with_query(name: &'static str, more: &str, lines: &str) -> Attempt {
    let dialect = dialect(name);
    let parameter = match name {
        "bimplus" => "access_token={token}",
        "tokenlogin" => "APIKey=demo-api-key&APIToken={token}",
        _ => "token={token}",
    };
    let target = format!("{}/elsewhere/list?{parameter}{more}", dialect.mount);
    let attempt = Attempt::bare(format!("{name} {more} {lines}"), dialect)
        .to("GET", target)
        .arrives(super::attempt::Identity::Linguist);
    if lines.is_empty() {
        attempt
    } else {
        attempt.line(lines)
    }
}
