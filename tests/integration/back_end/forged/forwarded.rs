//! Headers with which a client claims to be a proxy.

use isogloss_testkit::dialects::dialect;

use super::attempt::Attempt;

/// Lines of a client that is no trusted proxy. The back end gets those of the gateway.
const LINES: [&str; 24] = [
    "X-Forwarded-For: forged",
    "X-Forwarded-For: 203.0.113.7, forged\r\nX-Forwarded-For: forged",
    "x_forwarded_for: forged",
    "X_Forwarded-For: forged",
    "X-Forwarded-Proto: forged",
    "X-FORWARDED-PROTO: forged, https",
    "x_forwarded_proto: forged",
    "X-Forwarded-Host: forged",
    "X_FORWARDED_HOST: forged",
    "X-Real-IP: forged",
    "X_Real_IP: forged",
    "Forwarded: for=forged;by=forged;host=forged",
    "forwarded: for=203.0.113.7\r\nForwarded: for=forged",
    "X-Request-Id: forged",
    "X_Request_Id: forged",
    "X-Forwarded-Port: forged",
    "X-Forwarded-Server: forged",
    "X-Forwarded-Prefix: forged",
    "X-Forwarded-Uri: forged",
    "X-Forwarded-Method: forged",
    "X_Original_URI: forged",
    "X-Original-Url: forged",
    "X-Rewrite-URL: forged",
    "Connection: close, X-Forwarded-For\r\nX-Forwarded-For: forged",
];

pub(super) fn all() -> Vec<Attempt> {
    let memsource = dialect("memsource");
    let with = |lines: &str| Attempt::new(lines, memsource).line(lines);
    let mut all: Vec<_> = LINES.into_iter().map(with).collect();
    let hosts = |lines: &str| Attempt::new(lines, memsource).line(lines).refused();
    all.extend(
        [
            "Host: tms.example.com\r\nHost: tms.example.com",
            "Host: tms.example.com\r\nHost: forged",
            "Host : forged",
            "X: y\r\n Host: forged",
        ]
        .map(hosts),
    );
    all
}
