//! RFC 8414, the metadata of the authorization server, and the same as `OpenID` Connect Discovery has them.

use isogloss_testkit::{Gateway, Request, Response};
use serde_json::{Value, json};

use crate::introspection::{KEY, builder, form, gateway, token};

const SERVER: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

fn ask(gateway: &Gateway, method: &str, path: &str) -> Response {
    let request = Request::new(method, path);
    request.send(gateway.management()).unwrap()
}

fn metadata(gateway: &Gateway, path: &str) -> Value {
    let answer = ask(gateway, "GET", path);
    assert_eq!(answer.status, 200, "{path}");
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    answer.json().unwrap()
}

#[test]
fn rfc_8414_2_the_metadata_say_where_what_is_and_how_a_client_authenticates() {
    let gateway = gateway();
    let base = format!("http://{}", gateway.management());
    let expected = json!({
        "issuer": "https://login.example.com",
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "token_endpoint": format!("{base}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "introspection_endpoint": format!("{base}/introspect"),
        "introspection_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "Bearer"],
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:token-exchange"],
        "response_types_supported": ["none"],
        "scopes_supported": ["read", "write", "admin"],
    });
    assert_eq!(metadata(&gateway, SERVER), expected);
}

#[test]
fn rfc_8414_2_what_the_metadata_name_is_there() {
    let gateway = gateway();
    let metadata = metadata(&gateway, SERVER);
    let path = |name: &str| {
        let url = metadata[name].as_str().unwrap();
        let base = format!("http://{}", gateway.management());
        url.strip_prefix(&base).unwrap().to_owned()
    };
    let keys = ask(&gateway, "GET", &path("jwks_uri"));
    assert!(keys.json().unwrap()["keys"].is_array());
    let token = token(&gateway, "bimplus");
    let parameters = [
        ("token", &*token),
        ("client_id", "a"),
        ("client_secret", KEY),
    ];
    let introspected = Request::post(path("introspection_endpoint")).form(form(&parameters));
    let introspected = introspected.send(gateway.management()).unwrap();
    assert_eq!(introspected.json().unwrap()["active"], true);
    let parameters = [
        (
            "grant_type",
            metadata["grant_types_supported"][0].as_str().unwrap(),
        ),
        ("subject_token", &token),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
        ("client_secret", KEY),
    ];
    let exchanged = Request::post(path("token_endpoint")).form(form(&parameters));
    assert_eq!(exchanged.send(gateway.management()).unwrap().status, 200);
}

#[test]
fn rfc_8414_3_1_the_path_of_the_issuer_comes_last() {
    let gateway = builder()
        .config_text("[jwt]\nissuer = \"https://example.com/tenant/login\"")
        .start()
        .unwrap();
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/tenant/login",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/tenant/login",
        "/tenant/login/.well-known/openid-configuration",
    ] {
        let metadata = metadata(&gateway, path);
        assert_eq!(metadata["issuer"], "https://example.com/tenant/login");
    }
    let keys = ask(&gateway, "GET", "/tenant/login/.well-known/jwks.json");
    assert_eq!(keys.status, 200);
}

#[test]
fn rfc_8414_3_the_metadata_are_read_by_get_or_head() {
    let gateway = gateway();
    for path in [SERVER, OPENID] {
        let head = ask(&gateway, "HEAD", path);
        assert_eq!((head.status, head.text().as_str()), (200, ""), "{path}");
        for method in ["POST", "PUT", "DELETE"] {
            assert_eq!(ask(&gateway, method, path).status, 405, "{method} {path}");
        }
    }
}

#[test]
fn rfc_8414_3_2_nothing_without_a_value_is_in_the_metadata() {
    let gateway = builder()
        .config_text(
            "[introspection]\nscopes = { admin = \"\", project_manager = \"\", linguist = \"\" }",
        )
        .start()
        .unwrap();
    for path in [SERVER, OPENID] {
        let metadata = metadata(&gateway, path);
        for (name, value) in metadata.as_object().unwrap() {
            let is_empty = value == &json!([]) || value == "" || value.is_null();
            assert!(!is_empty, "{name}");
        }
        assert_eq!(metadata.get("scopes_supported"), None);
    }
}

#[test]
fn rfc_8414_3_3_the_issuer_is_that_of_the_setting_exactly() {
    for issuer in ["https://login.example.com/", "http://127.0.0.1:8081/a"] {
        let config = format!("[jwt]\nissuer = \"{issuer}\"");
        let gateway = builder().config_text(config).start().unwrap();
        assert_eq!(metadata(&gateway, SERVER)["issuer"], issuer);
    }
}

#[test]
fn rfc_8414_5_openid_discovery_has_the_same_and_what_its_readers_require() {
    let gateway = gateway();
    let mut openid = metadata(&gateway, OPENID);
    let members = openid.as_object_mut().unwrap();
    let base = format!("http://{}", gateway.management());
    let authorize = members.remove("authorization_endpoint").unwrap();
    assert_eq!(authorize, format!("{base}/authorize"));
    let subjects = members.remove("subject_types_supported").unwrap();
    assert_eq!(subjects, json!(["public"]));
    let algorithms = members.remove("id_token_signing_alg_values_supported");
    assert_eq!(algorithms.unwrap(), json!(["RS256"]));
    assert_eq!(openid, metadata(&gateway, SERVER));
    let refused = ask(&gateway, "GET", "/authorize?response_type=none");
    assert_eq!(refused.status, 400);
    let error = &refused.json().unwrap()["error"];
    assert_eq!(error, "unsupported_response_type");
    assert_eq!(ask(&gateway, "POST", "/authorize").status, 405);
}

#[test]
fn while_the_algorithm_changes_openid_discovery_names_both() {
    let changing = "[jwt]\nalgorithm = \"EdDSA\"\nalso_publish = [\"RS256\"]";
    let gateway = builder().config_text(changing).start().unwrap();
    let metadata = metadata(&gateway, OPENID);
    let algorithms = &metadata["id_token_signing_alg_values_supported"];
    assert_eq!(*algorithms, json!(["EdDSA", "RS256"]));
}

#[test]
fn without_an_issuer_that_is_an_address_there_are_no_metadata() {
    let without_jwts = Gateway::builder(crate::PROGRAM).start().unwrap();
    let with_a_name = builder().config_text("[jwt]\nissuer = \"isogloss\"");
    for gateway in [without_jwts, with_a_name.start().unwrap()] {
        for path in [SERVER, OPENID, "/authorize"] {
            assert_eq!(ask(&gateway, "GET", path).status, 404, "{path}");
        }
    }
}

#[test]
fn the_endpoints_are_at_the_configured_address_or_at_the_host_of_the_request() {
    let configured = builder()
        .config_text("[management]\nurl = \"https://login.internal:8443/services/\"")
        .start()
        .unwrap();
    let answer = ask(&configured, "GET", SERVER);
    let endpoint = &answer.json().unwrap()["token_endpoint"];
    assert_eq!(endpoint, "https://login.internal:8443/services/token");
    assert_eq!(answer.header("Cache-Control"), Some("public, max-age=300"));

    let gateway = gateway();
    let with_host = |host: &str| {
        let request = Request::get(SERVER).header("Host", host);
        request.send(gateway.management()).unwrap()
    };
    let answer = with_host("login.internal");
    let endpoint = &answer.json().unwrap()["token_endpoint"];
    assert_eq!(endpoint, "http://login.internal/token");
    // Another client may name another host.
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    for host in ["user@login.internal", "a b", "login.internal/x"] {
        assert_eq!(with_host(host).status, 400, "{host}");
    }
}
