//! Names that users and clients chose stand harmless in every table.

use isogloss_testkit::{Request, Store};
use serde_json::json;

use super::{Tab, admin, id_of, start};

/// A first name, and how it stands in the page.
const NAMES: [(&str, &str); 4] = [
    (
        "<script>alert(1)</script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    ),
    ("\" onload=\"alert(1)", "&quot; onload=&quot;alert(1)"),
    ("\u{202e}gnol", "\\u{202e}gnol"),
    ("'><img src=x>", "'&gt;&lt;img src=x&gt;"),
];

#[test]
fn hostile_names_are_text_in_every_table() {
    let gateway = start(|builder| builder.store(Store::Memory));
    let long = "n".repeat(200);
    let emoji = "😀".repeat(100);
    let names = NAMES.iter().map(|(name, _)| *name);
    for (number, name) in names.chain([long.as_str(), &emoji]).enumerate() {
        let user = json!({
            "user_name": format!("hostile{number}"), "organisation": "CRMDEMO",
            "password": "hostile-demo", "first_name": name,
        });
        let added = Request::post("/admin/users")
            .header("Authorization", "Bearer demo-admin-key")
            .json(&user)
            .send(gateway.management())
            .unwrap();
        // The directory refuses what no name may have; what it accepts is shown.
        assert!(
            added.status == 201 || added.status == 400,
            "{}",
            added.text()
        );
    }
    let hostile = "<script>alert('client')</script>\u{1b}[2J\u{202e}";
    let body = json!({"user_id": "hostile0", "password": "hostile-demo", "client_id": hostile, "application_id": hostile});
    let login = Request::post("/v2/authorize")
        .header("User-Agent", "<script>alert(2)</script>/1.0")
        .json(&body);
    login.send(gateway.public()).unwrap();
    let refused = json!({"user_id": "<script>alert(4)</script>", "password": "x", "client_id": hostile, "application_id": hostile});
    let refused = Request::post("/v2/authorize")
        .header("User-Agent", "<script>alert(2)</script>/1.0")
        .json(&refused);
    refused.send(gateway.public()).unwrap();
    let label = json!({"realm": "admin", "label": "<b>bold</b> & 'quoted'"});
    admin(&gateway, "POST", "/admin/keys", Some(&label));

    let tab = Tab::open(&gateway, "demo-admin-key");
    let id = id_of(&gateway, "hostile0");
    let mut pages = String::new();
    for path in [
        "/console/overview",
        "/console/dialects/bimplus",
        "/console/people?search=hostile",
        &format!("/console/people/{id}"),
        "/console/keys",
        "/console/audit?limit=200",
        "/console/refusals",
        "/console/refusals?user=%3Cscript%3Ealert(3)%3C/script%3E",
        "/console/refusals?since=%3Cscript%3Ealert(3)%3C/script%3E",
        "/console/sessions?user=hostile0",
        "/console/people?search=%3Cscript%3Ealert(3)%3C/script%3E",
        "/console/sessions?user=%3Cscript%3Ealert(3)%3C/script%3E",
        "/console/throttle?source=%3Cscript%3Ealert(3)%3C/script%3E",
        "/console/audit?since=%3Cscript%3Ealert(3)%3C/script%3E",
        "/console/dialects/bimplus?plan=cut-off&user_agent=%3Cscript%3E%22%0A%1b",
    ] {
        pages.push_str(&tab.page(path));
    }
    for hostile in [
        "<script>alert",
        "<script>\"",
        "<b>bold",
        "<img",
        "\u{1b}",
        "\u{202e}",
        "\" onload",
    ] {
        assert!(!pages.contains(hostile), "{hostile:?}");
    }
    // Each script is a file of ours.
    for script in pages.split("<script").skip(1) {
        assert!(
            script.starts_with(" src=\"/console/assets/"),
            "{script:.80}"
        );
    }
    for inline in [" style=", " onclick=", " hx-on", "javascript:"] {
        assert!(!pages.contains(inline), "{inline}");
    }
    assert!(
        pages.contains("&lt;b&gt;bold&lt;/b&gt;"),
        "a label is shown"
    );
    let shown = NAMES.iter().filter(|(_, shown)| pages.contains(*shown));
    assert!(shown.count() >= 2, "names are shown");
}
