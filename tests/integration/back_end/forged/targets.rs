//! Targets that two readers may take for different paths.

use isogloss_testkit::dialects::dialect;

use super::attempt::{Attempt, Identity};

/// Paths below the mount for which the gateway has no route. They arrive as they were sent, with a token.
const WITH_TOKEN: [&str; 32] = [
    "/web/elsewhere/",
    "/web/elsewhere//list",
    "//web/elsewhere/list",
    "/web//elsewhere/list//",
    "/web/elsewhere/./list",
    "/web/elsewhere/../list",
    "/web/public/../elsewhere",
    "/web/elsewhere/%2e%2e/list",
    "/web/elsewhere/%2E%2E%2Flist",
    "/web/elsewhere/..%2flist",
    "/web/elsewhere/..;/list",
    "/web/elsewhere/list;token={other}",
    "/web/elsewhere;a=b/list",
    "/web/elsewhere%3Ftoken=x",
    "/web/elsewhere%2Flist",
    "/web/elsewhere%252Flist",
    "/web/elsewhere%5c..%5clist",
    "/web/elsewhere%00/list",
    "/web/elsewhere%0d%0aX-Isogloss-User:%20forged",
    "/web/elsewhere/%C3%A9%zz%",
    "/web/elsewhere/a+b%20c",
    "/web/elsewhere/~!$&'()*,=:@-._",
    "/web/elsewhere/?",
    "/web/elsewhere/??a=b?c",
    "/web/elsewhere/list?a=%2F..%2F&b=//&c=;&d=%zz&e",
    "/web/elsewhere/list?a[]=1&a[]=2",
    "/web/elsewhere/list?url=http://x/web/public/list",
    "/web/api/v3/auth/login/other",
    "/web/api/v3/auth",
    "/web/api/v3/auth/whoami",
    "/web/API/v3/auth/whoAmI",
    "/web/api2/v1/auth/whoAmI%2F",
];

/// Paths that look like public ones, and are not.
const NOT_PUBLIC: [&str; 21] = [
    "/web/publicity",
    "/web/public/../elsewhere/list",
    "/web/public/..",
    "/web/public/./list",
    "/web/public/.",
    "/web/public/%2e%2e/elsewhere/list",
    "/web/public/%2E./elsewhere/list",
    "/web/public/.%2e/elsewhere/list",
    "/web/public/..%2felsewhere",
    "/web/public/a%2f..%2f..%2felsewhere",
    "/web/public/a%2Fb",
    "/web/public/..;/elsewhere/list",
    "/web/public/;/list",
    "/web/public/list;a=b",
    "/web/public//list",
    "//web/public/list",
    "/web//public/list",
    "/web/public/..%5celsewhere",
    "/web/%70ublic/list",
    "/web/Public/list",
    "/web/elsewhere/../public/list",
];

/// Paths that need no token.
const PUBLIC: [&str; 6] = [
    "/web/public",
    "/web/public/list",
    "/web/public/a/b",
    "/web/public/list?a=../..&b=//;%2F",
    "/web/public/list?token={other}",
    "/web/info",
];

/// Paths outside of the mount, or with a route in the gateway, which the back end does not get.
const NOT_RELAYED: [&str; 10] = [
    "/",
    "/elsewhere/list",
    "/webs/elsewhere/list",
    "/WEB/elsewhere/list",
    "/elsewhere/../web/elsewhere/list",
    "/other/../rest/list",
    "/restful/list",
    "/web/api/v3/auth/whoAmI",
    "/web//api/v3/auth/whoAmI",
    "/web/api/v3/auth/%77hoAmI",
];

/// Request lines that are no HTTP/1.1 for a path.
const REFUSED_LINES: [&str; 12] = [
    "GET  /web/elsewhere/list HTTP/1.1",
    "GET /web/elsewhere/list /x HTTP/1.1",
    "GET\t/web/elsewhere/list\tHTTP/1.1",
    "GET /web/elsewhere/list HTTP/1.2",
    "GET /web/elsewhere/list HTTP/2.0",
    "GET /web/elsewhere/list",
    "GET /web/elsewhere/\u{1}list HTTP/1.1",
    "CONNECT tms.example.com:80 HTTP/1.1",
    "CONNECT /web/elsewhere/list HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "PRI * HTTP/2.0",
    "G(T /web/elsewhere/list HTTP/1.1",
];

pub(super) fn all() -> Vec<Attempt> {
    let memsource = dialect("memsource");
    let get = |path: &str| Attempt::new(path, memsource).to("GET", path);
    let bare =
        |path: &str| Attempt::bare(format!("{path} without a token"), memsource).to("GET", path);
    let mut all = Vec::new();
    for path in WITH_TOKEN {
        all.extend([get(path), bare(path)]);
    }
    for path in NOT_PUBLIC {
        all.extend([get(path), bare(path)]);
    }
    for path in PUBLIC {
        all.push(get(path).arrives(Identity::Nobody));
        all.push(bare(path).arrives(Identity::Nobody));
    }
    for path in NOT_RELAYED {
        all.push(get(path).refused());
    }
    for line in REFUSED_LINES {
        all.push(Attempt::new(line, memsource).request_line(line).refused());
    }
    for path in ["/rest/list", "/rest/../elsewhere", "/rest/a%2Fb;c//"] {
        all.extend([get(path), bare(path)]);
    }
    for (line, path) in [
        (
            "GET http://other.example.com/web/elsewhere/list?a=b HTTP/1.1",
            "/web/elsewhere/list?a=b",
        ),
        (
            "GET HTTPS://tms.example.com:443/web/elsewhere/list HTTP/1.1",
            "/web/elsewhere/list",
        ),
    ] {
        all.push(
            Attempt::new(line, memsource)
                .request_line(line)
                .target(path),
        );
    }
    for method in ["HEAD", "DELETE", "PATCH", "PROPFIND", "get", "M-SEARCH"] {
        let target = "/web/elsewhere/list";
        all.push(Attempt::new(method, memsource).to(method, target));
        all.push(Attempt::bare(format!("{method} without a token"), memsource).to(method, target));
    }
    all.extend(claimed());
    all
}

/// Routes of the gateway that the back end claims by a setting.
fn claimed() -> Vec<Attempt> {
    let memsource = dialect("memsource");
    let to = |method: &str, path: &str| {
        Attempt::new(format!("{method} {path}"), memsource).to(method, path)
    };
    let bare = |method: &str, path: &str| {
        Attempt::bare(format!("{method} {path} without a token"), memsource).to(method, path)
    };
    vec![
        to("POST", "/web/api2/v1/auth/logout"),
        bare("POST", "/web/api2/v1/auth/logout"),
        to("PUT", "/web/api2/v1/auth/logout"),
        to("GET", "/web/api2/v3/auth/whoAmI"),
        bare("GET", "/web/api2/v3/auth/whoAmI"),
    ]
}
