//! Lists of sessions, and ending them.

use super::*;

async fn names(f: &Fixture, filter: &SessionFilter) -> Vec<String> {
    let listed = f.auth.sessions(filter, 100).await.unwrap();
    listed.into_iter().map(|one| one.user_name).collect()
}

fn at(client: &str) -> Terms {
    Terms {
        client: Some(client.to_owned()),
        ..Terms::new(Purpose::Access, HOUR)
    }
}

#[tokio::test]
async fn are_listed_by_what_is_asked_and_ended_likewise() {
    let f = fixture().await;
    let first = f.token("ada", at("tablet")).await;
    f.clock.advance(HOUR / 4);
    let start = f.auth.now();
    let second = f.token("ada", at("phone")).await;
    let other = f.token("admin", at("tablet")).await;
    let user = f.user("ada").await;
    let there = f.auth.issue(THERE, &user, at("desk")).await.unwrap();

    let by = |change: &dyn Fn(&mut SessionFilter)| {
        let mut filter = SessionFilter::default();
        change(&mut filter);
        filter
    };
    let ada = by(&|filter| filter.user = Some(user.id));
    let cases = [
        (by(&|_| {}), 4),
        (ada.clone(), 3),
        (by(&|f| f.client = Some("tablet".to_owned())), 2),
        (by(&|f| f.dialect = Some("there".to_owned())), 1),
        (by(&|f| f.issued_before = Some(start)), 1),
        (by(&|f| f.handle = Some(second.session.digest)), 1),
        (by(&|f| f.handle = Some([9; 16].into())), 0),
    ];
    for (filter, count) in &cases {
        assert_eq!(names(&f, filter).await.len(), *count, "{filter:?}");
    }
    let listed = f.auth.sessions(&ada, 1).await.unwrap();
    assert_eq!(listed.len(), 1, "the limit");

    let by_handle = by(&|filter| filter.handle = Some(second.session.digest));
    assert_eq!(f.auth.end_sessions(&by_handle).await.unwrap(), 1);
    assert_eq!(f.auth.end_sessions(&by_handle).await.unwrap(), 0);
    assert!(!f.is_live(&second.token, Purpose::Access).await);
    let early = by(&|filter| filter.issued_before = Some(start));
    assert_eq!(f.auth.end_sessions(&early).await.unwrap(), 1);
    assert!(!f.is_live(&first.token, Purpose::Access).await);
    assert!(f.is_live(&other.token, Purpose::Access).await);
    let dialect = by(&|filter| filter.dialect = Some("there".to_owned()));
    assert_eq!(f.auth.end_sessions(&dialect).await.unwrap(), 1);
    let there = f.auth.validate(&there.token, &[Purpose::Access]).await;
    assert_eq!(refusal(there), DEAD);
    assert_eq!(names(&f, &SessionFilter::default()).await, ["admin"]);
}

#[tokio::test]
async fn that_are_dead_are_not_listed() {
    let f = fixture().await;
    let issued = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let once = f.token("ada", Terms::new(Purpose::Handover, HOUR)).await;
    f.auth.redeem(&once.token, Purpose::Handover).await.unwrap();
    assert_eq!(names(&f, &SessionFilter::default()).await, ["ada"]);
    let id = issued.session.user.id;
    f.directory.set_password(id, "$2b$04$other").await.unwrap();
    assert_eq!(names(&f, &SessionFilter::default()).await, [""; 0]);
    f.token("admin", Terms::new(Purpose::Access, HOUR)).await;
    f.clock.advance(HOUR);
    assert_eq!(names(&f, &SessionFilter::default()).await, [""; 0]);
}

#[tokio::test]
async fn beyond_a_cap_the_least_recently_used_ends() {
    let f = fixture().await;
    let mut tokens = Vec::new();
    for _ in 0..5 {
        tokens.push(f.token("ada", at("tablet")).await);
        f.clock.advance(Duration::from_secs(1));
    }
    // The time of use is recorded only after it has moved by enough to be worth a write.
    f.clock.advance(HOUR / 10);
    assert!(f.is_live(&tokens[0].token, Purpose::Access).await);
    f.token("ada", at("tablet")).await;
    assert!(f.is_live(&tokens[0].token, Purpose::Access).await);
    assert!(!f.is_live(&tokens[1].token, Purpose::Access).await);
    assert!(f.is_live(&tokens[2].token, Purpose::Access).await);
}
