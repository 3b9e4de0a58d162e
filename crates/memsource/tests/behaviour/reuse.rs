//! `login = "reuse"`: a repeated login returns the token that is still valid.

use isogloss_memsource::{Login, Settings};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::fixture::{Host, token};

async fn reusing(now: OffsetDateTime) -> Host {
    let settings = Settings {
        login: Login::Reuse,
        ..Settings::default()
    };
    Host::at(now, settings).await
}

/// The logins of one account that langomobiledev/memsource recorded in January 2020. Three of the tokens come from
/// logins that were not recorded; their `expires` shows when they were made.
#[actix_web::test]
async fn tokens_are_reused_as_the_vendor_did() {
    let host = reusing(datetime!(2020-01-09 22:33:30 UTC)).await;
    let logins = [
        (
            datetime!(2020-01-09 22:33:30 UTC),
            1,
            "2020-01-10T22:33:30+0000",
        ),
        (
            datetime!(2020-01-10 20:58:53 UTC),
            1,
            "2020-01-10T22:33:30+0000",
        ),
        (
            datetime!(2020-01-10 20:58:55 UTC),
            1,
            "2020-01-10T22:33:30+0000",
        ),
        (
            datetime!(2020-01-10 20:59:00 UTC),
            1,
            "2020-01-10T22:33:30+0000",
        ),
        (
            datetime!(2020-01-10 21:01:18 UTC),
            1,
            "2020-01-10T22:33:30+0000",
        ),
        (
            datetime!(2020-01-10 21:12:34 UTC),
            1,
            "2020-01-10T22:33:30+0000",
        ),
        (
            datetime!(2020-01-10 21:21:16 UTC),
            1,
            "2020-01-10T22:33:30+0000",
        ),
        (
            datetime!(2020-01-10 21:21:26 UTC),
            1,
            "2020-01-10T22:33:30+0000",
        ),
        (
            datetime!(2020-01-10 21:33:48 UTC),
            2,
            "2020-01-11T21:33:48+0000",
        ),
        (
            datetime!(2020-01-10 21:37:31 UTC),
            2,
            "2020-01-11T21:33:48+0000",
        ),
        (
            datetime!(2020-01-13 16:36:14 UTC),
            3,
            "2020-01-14T16:36:14+0000",
        ),
        (
            datetime!(2020-01-13 16:40:31 UTC),
            3,
            "2020-01-14T16:36:14+0000",
        ),
        (
            datetime!(2020-01-17 17:33:44 UTC),
            4,
            "2020-01-18T17:33:44+0000",
        ),
        (
            datetime!(2020-01-17 20:28:51 UTC),
            4,
            "2020-01-18T17:33:44+0000",
        ),
    ];
    let mut seen: Vec<String> = Vec::new();
    for (moment, number, expires) in logins {
        host.move_to(moment);
        let answer = host.login2("ada").await;
        assert_eq!(answer["expires"], expires, "{moment}");
        if !seen.iter().any(|known| known == token(&answer)) {
            seen.push(token(&answer).to_owned());
        }
        assert_eq!(seen.len(), number, "{moment}");
        assert_eq!(token(&answer), seen[number - 1], "{moment}");
        assert_eq!(host.who_am_i(token(&answer)).await, 200, "{moment}");
    }
}

#[actix_web::test]
async fn one_hour_left_is_enough() {
    let host = reusing(datetime!(2020-01-01 12:00 UTC)).await;
    let first = host.login("ada").await;
    host.move_to(datetime!(2020-01-02 11:00 UTC));
    assert_eq!(host.login("ada").await, first);
    host.move_to(datetime!(2020-01-02 11:00:00.001 UTC));
    let second = host.login("ada").await;
    assert_ne!(token(&second), token(&first));
    assert_eq!(host.who_am_i(token(&first)).await, 200, "it lives on");
}
