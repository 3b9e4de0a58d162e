//! The routes of the gateway in configurations with one host name: each of them, and no other call, goes to the gateway.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::proxies::call_to;
use crate::proxies::one_name::scene;
use crate::proxies::proxy::Kind;

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// A path of a dialect, and the methods that the gateway has for it.
struct DocumentedPath {
    path: String,
    methods: Vec<String>,
}

/// Returns the paths in the OpenAPI document of a dialect.
fn documented(dialect: &str) -> Vec<DocumentedPath> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi");
    let document = fs::read(folder.join(format!("{dialect}.json"))).unwrap();
    let document: Value = serde_json::from_slice(&document).unwrap();
    let mount = document["servers"][0]["url"].as_str().unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let documented = paths.map(|(path, methods)| DocumentedPath {
        path: format!("{mount}{path}"),
        methods: methods
            .as_object()
            .unwrap()
            .keys()
            .map(|method| method.to_uppercase())
            .collect(),
    });
    documented.collect()
}

#[test]
fn every_route_of_the_gateway_and_no_other_method_goes_to_it() {
    for kind in Kind::ONE_NAME {
        for dialect in ["bimplus", "crmcom", "tokenlogin", "memsource"] {
            let scene = scene(kind, dialect);
            let mut token = scene.log_in(dialect, "linguist");
            for DocumentedPath { path, methods } in documented(dialect) {
                for method in METHODS {
                    let is_documented = methods.iter().any(|known| known == method);
                    // The gateway also accepts doubled and trailing slashes.
                    for path in [path.clone(), format!("/{path}/")] {
                        let call = call_to((method, &path), dialect, &token);
                        let answer = scene.call(call);
                        let count = scene.service.received().len();
                        let what = format!("{method} {path} through {kind:?}: {}", answer.text());
                        assert_eq!(count, usize::from(!is_documented), "{what}");
                        let may_end_token = is_documented
                            && (method == "DELETE" || path.to_lowercase().contains("/logout"));
                        if may_end_token {
                            token = scene.log_in(dialect, "linguist");
                        }
                    }
                }
            }
        }
    }
}
