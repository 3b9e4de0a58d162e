//! The pages of counted attempts.

use isogloss_testkit::{Gateway, Request};
use serde_json::json;

use super::{Tab, id_of, start};

fn wrong_login(gateway: &Gateway, user: &str) {
    let body = json!({"user_id": user, "password": "wrong"});
    let request = Request::post("/v2/authorize").json(&body);
    assert_eq!(request.send(gateway.public()).unwrap().status, 401);
}

/// Returns how many counted attempts a page shows, and the path of the next page.
fn seen(page: &str) -> (usize, Option<String>) {
    let links = page.split("href=\"").skip(1);
    let mut links = links.filter_map(|rest| rest.split('"').next());
    let next = links.find(|link| link.contains("after="));
    let next = next.map(|link| link.replace("&amp;", "&"));
    (page.matches(">counted<").count(), next)
}

#[test]
fn counted_attempts_are_shown_page_by_page() {
    let gateway = start(|builder| builder);
    let tab = Tab::open(&gateway, "demo-admin-key");
    assert!(
        tab.page("/console/throttle")
            .contains("No attempts are counted.")
    );
    for number in 0..54 {
        wrong_login(&gateway, &format!("unknown-{number}"));
    }
    wrong_login(&gateway, "linguist");
    // One for each name, one for the address and one for its network.
    let (first, next) = seen(&tab.page("/console/throttle"));
    assert_eq!(first, 50);
    assert_eq!(seen(&tab.page(&next.unwrap())), (7, None));
    assert_eq!(
        seen(&tab.page("/console/throttle?user=linguist")),
        (1, None)
    );
    let person = format!("/console/people/{}", id_of(&gateway, "linguist"));
    assert_eq!(seen(&tab.page(&person)).0, 1);
    let refused = tab.page("/console/throttle?after=x");
    assert!(
        refused.contains("expected `next` of the previous page"),
        "{refused}"
    );
}
