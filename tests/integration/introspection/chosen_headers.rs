//! Headers for applications, with names that the operator chose.

use isogloss_testkit::dialects::TestUser;
use isogloss_testkit::{Gateway, Response};

use crate::introspection::builder;
use crate::introspection::forward_auth::asked;
use crate::introspection::token_extraction::{Carried, carried, dialect, speaks};

const HEADERS: &str = "
[forward_auth.headers]
Remote-User = \"user_name\"
X-WEBAUTH-EMAIL = \"email\"
X-Org = \"organisation\"
X-Groups = \"role\"
X-Unit = \"unit\"
X-Login-Id = \"id\"
Authorization = \"bearer\"
";

fn gateway(values: &str) -> Gateway {
    let settings = format!("[forward_auth]\nvalues = \"{values}\"\n{HEADERS}");
    builder().config_text(settings).start().unwrap()
}

/// Checks a call for a proxy, with headers that a client sent.
fn check(gateway: &Gateway, dialect: &str, carried: &Carried) -> Response {
    asked(&format!("/forward-auth/{dialect}"), carried)
        .header("Remote-User", "forged")
        .header("X-Unit", "forged")
        .send(gateway.management())
        .unwrap()
}

#[test]
fn chosen_headers_are_set_beside_our_own_for_every_dialect() {
    let gateway = gateway("utf-8");
    let tokens = TestUser::admin().every_token(gateway.public()).unwrap();
    let mut count = 0;
    for held in tokens.iter().filter(|held| speaks(held.kind)) {
        let answer = check(&gateway, dialect(held.kind), &carried(held)[0]);
        assert_eq!(answer.status, 200, "{:?}", held.kind);
        let header = |name: &str| answer.header(name).unwrap_or_else(|| panic!("no {name}"));
        for (chosen, own) in [
            ("Remote-User", "X-Isogloss-User-Name"),
            ("X-WEBAUTH-EMAIL", "X-Isogloss-Email"),
            ("X-Org", "X-Isogloss-Organisation"),
            ("X-Groups", "X-Isogloss-Role"),
            ("X-Unit", "X-Isogloss-Unit"),
            ("X-Login-Id", "X-Isogloss-User"),
        ] {
            assert_eq!(header(chosen), header(own), "{:?}", held.kind);
        }
        let bearer = format!("Bearer {}", header("X-Isogloss-Jwt"));
        assert_eq!(header("Authorization"), bearer);
        count += 1;
    }
    assert!(count >= 4, "{count}");
}

#[test]
fn a_refusal_has_none_of_the_chosen_headers() {
    let gateway = gateway("percent-encoded");
    let dead = Carried::Query("token=35-35eb2b5e94b54d5aafa6b6a7b6e8de01".to_owned());
    let answer = check(&gateway, "memsource", &dead);
    assert_eq!(answer.status, 401);
    for name in ["Remote-User", "X-Unit", "Authorization"] {
        assert!(answer.header(name).is_none(), "{name}");
    }
}
