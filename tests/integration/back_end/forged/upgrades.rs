//! Upgrades that no setting permits, and other headers of one hop.

use isogloss_testkit::dialects::dialect;

use super::attempt::Attempt;

/// Lines of a call that asks for a `WebSocket`. It arrives without the upgrade, as the last call of its connection: what
/// follows is no body.
const WEBSOCKETS: [&str; 3] = [
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Connection: keep-alive, upgrade\r\nUpgrade: WebSocket",
    "Upgrade: websocket",
];

/// Lines of a call that asks for another protocol. It arrives without them.
const UPGRADES: [&str; 7] = [
    "Connection: Upgrade, close\r\nUpgrade: h2c",
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    "Connection: close, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    "Connection: close\r\nUpgrade: h2c",
    "Connection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1",
    "Connection: Upgrade\r\nUpgrade: tunnel",
    "Connection: Upgrade\r\nConnection: close",
];

/// Other lines that are for one hop, or that name such lines.
const ONE_HOP: [&str; 10] = [
    "Keep-Alive: timeout=1000",
    "TE: trailers",
    "Proxy-Connection: keep-alive",
    "Proxy-Authorization: Basic Zm9yZ2Vk",
    "Proxy-Authenticate: Basic",
    "Trailer: Authorization",
    "Connection: close, X-A\r\nX-A: forged",
    "Connection: close\r\nConnection: x-a , X-B\r\nX-A: forged\r\nX-B: forged",
    "Connection: close, Authorization, Cookie\r\nCookie: a=forged",
    "Connection: close, X-Case2, X-Forwarded-For, X-Request-Id, Host\r\nX-Case2: forged",
];

pub(super) fn all() -> Vec<Attempt> {
    let memsource = dialect("memsource");
    let with = |lines: &str| Attempt::new(lines, memsource).line(lines);
    let mut all: Vec<_> = UPGRADES.into_iter().chain(ONE_HOP).map(with).collect();
    let without =
        |lines: &str| Attempt::bare(format!("{lines} without a token"), memsource).line(lines);
    all.extend(UPGRADES.into_iter().take(4).map(without));
    all.extend(WEBSOCKETS.map(with));
    all.extend(WEBSOCKETS.map(without));
    let body = "GET /web/elsewhere/hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    all.push(
        Attempt::new("an upgrade with a body", memsource)
            .to("POST", "/web/elsewhere/save")
            .line("Connection: Upgrade, close\r\nUpgrade: h2c")
            .content(body),
    );
    all
}
