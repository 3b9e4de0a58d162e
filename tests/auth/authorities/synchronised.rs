//! Users who are brought up to date with the authority's own list.

mod conflicts;

use isogloss_core::directory::Synchronisations as _;
use isogloss_core::directory::synchronisation::{SyncCounts, SyncError, SyncReport};

use super::*;

#[expect(clippy::unnecessary_wraps, reason = "lists have failures, too")]
fn listed(identity: Identity) -> Result<ListedUser, Cause> {
    Ok(ListedUser {
        identity,
        is_disabled: false,
    })
}

/// Returns an authority that lists these users.
fn listing(people: impl IntoIterator<Item = Identity>) -> Arc<Scripted> {
    let corp = Scripted::new();
    corp.lists(people.into_iter().map(listed).collect());
    corp
}

fn many(count: usize) -> Vec<Identity> {
    let people = 0..count;
    people
        .map(|number| identity(&format!("id-{number}"), &format!("u{number}")))
        .collect()
}

impl Scripted {
    fn lists(&self, list: Vec<Result<ListedUser, Cause>>) {
        *self.list.lock().unwrap() = Some(list);
    }
}

impl Fixture {
    async fn sync(&self) -> Result<SyncReport, SyncError> {
        let all = self.auth.synchronisations();
        all[0].run(Duration::ZERO, |_| {}).await
    }

    async fn synchronised(&self) -> SyncCounts {
        self.sync().await.unwrap().counts
    }

    async fn find(&self, name: &str) -> User {
        self.directory.account(name).await.unwrap().unwrap().user
    }

    async fn set(&self, name: &str, state: UserState) {
        let user = self.find(name).await;
        self.directory.set_state(user.id, state).await.unwrap();
    }
}

/// Returns the numbers of created, updated, disabled, enabled and unchanged users.
fn numbers(counts: SyncCounts) -> [u64; 5] {
    let SyncCounts {
        created,
        updated,
        disabled,
        enabled,
        unchanged,
        ..
    } = counts;
    [created, updated, disabled, enabled, unchanged]
}

#[tokio::test]
async fn users_are_added_and_updated_and_a_second_run_changes_nothing() {
    let kim = Identity {
        email: Some("kim@example.com".to_owned()),
        first_name: Some("Kim".to_owned()),
        role: Some(Role::Admin),
        number: Some(4711),
        language: Some("de-AT".to_owned()),
        ..identity("id-kim", "kim")
    };
    let corp = listing([kim.clone(), identity("id-lee", "Lee")]).with("kim", kim.clone());
    let f = asking(vec![(settings("corp"), &corp)]).await;
    assert_eq!(numbers(f.synchronised().await), [2, 0, 0, 0, 0]);
    let user = f.find("kim").await;
    assert_eq!((user.number, user.first_name.as_str()), (4711, "Kim"));
    assert_eq!(user.language, Language::parse("de-AT").ok());
    // As at a login, it gives no more than the operator permits.
    assert_eq!(user.role, Role::Linguist);
    assert_eq!(numbers(f.synchronised().await), [0, 0, 0, 0, 2]);
    assert_eq!(f.login("kim", "there").await.unwrap().id, user.id);
    assert_eq!(numbers(f.synchronised().await), [0, 0, 0, 0, 2]);

    // What it does not say stays, an empty text clears, and a new name is followed.
    corp.lists(vec![
        listed(Identity {
            email: Some(String::new()),
            first_name: None,
            language: Some("nothing we know".to_owned()),
            ..identity("id-kim", "kim.lee")
        }),
        listed(identity("id-lee", "Lee")),
    ]);
    let report = f.sync().await.unwrap();
    assert_eq!(numbers(report.counts), [0, 1, 0, 0, 1]);
    assert_eq!(
        report.changes[0].to_string(),
        "update user kim: user_name \"kim\" -> \"kim.lee\", email \"kim@example.com\" -> \"\""
    );
    let renamed = f.find("kim.lee").await;
    assert_eq!((renamed.id, renamed.email), (user.id, None));
    assert_eq!(renamed.first_name, "Kim");
    assert_eq!(renamed.language, user.language);
    corp.lists(vec![
        listed(Identity {
            language: Some("en".to_owned()),
            ..identity("id-kim", "kim.lee")
        }),
        listed(identity("id-lee", "Lee")),
    ]);
    let report = f.sync().await.unwrap();
    assert_eq!(
        report.changes[0].to_string(),
        "update user kim.lee: language \"de-AT\" -> \"en\""
    );
}

#[tokio::test]
async fn who_is_gone_is_disabled_and_comes_back_unless_an_operator_disabled_the_user() {
    let people = many(30);
    let corp = listing(people.clone()).with("u0", people[0].clone());
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.synchronised().await;
    let user = f.login("u0", "there").await.unwrap();
    let terms = Terms::new(Purpose::Access, HOUR);
    let token = f.auth.issue(HERE, &user, terms).await.unwrap().token;
    assert!(f.is_live(&token, Purpose::Access).await);
    let without = |gone: &[usize]| {
        let left = people.iter().enumerate();
        let left = left.filter(|(number, _)| !gone.contains(number));
        left.map(|(_, one)| listed(one.clone())).collect()
    };
    f.set("u1", UserState::Disabled).await;
    corp.lists(without(&[0, 1, 2]));
    assert_eq!(numbers(f.synchronised().await), [0, 0, 2, 0, 27]);
    assert!(!f.is_live(&token, Purpose::Access).await);
    assert!(f.login("u0", "there").await.is_err());
    assert_eq!(numbers(f.synchronised().await), [0, 0, 0, 0, 27]);
    // An operator confirms what the synchronisation did to u2.
    f.set("u2", UserState::Disabled).await;
    corp.lists(without(&[]));
    let report = f.sync().await.unwrap();
    assert_eq!(numbers(report.counts), [0, 0, 0, 1, 29]);
    let kept: Vec<_> = report.kept.iter().map(|kept| kept.entry.as_str()).collect();
    assert_eq!(kept, ["user u1", "user u2"]);
    assert_eq!(f.find("u0").await.state, UserState::Active);
    assert!(f.login("u0", "there").await.is_ok());
    // The tokens of before stay dead.
    assert!(!f.is_live(&token, Purpose::Access).await);
    for name in ["u1", "u2"] {
        assert_eq!(f.find(name).await.state, UserState::Disabled, "{name}");
    }
}

#[tokio::test]
async fn a_user_who_is_disabled_there_is_disabled_here_and_not_added() {
    let corp = listing(many(20));
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.synchronised().await;
    let mut list: Vec<_> = many(21).into_iter().map(listed).collect();
    for number in [3, 20] {
        list[number].as_mut().unwrap().is_disabled = true;
    }
    corp.lists(list);
    let counts = f.synchronised().await;
    assert_eq!(numbers(counts), [0, 0, 1, 0, 19]);
    assert_eq!(counts.left_out, 1);
    assert_eq!(f.find("u3").await.state, UserState::Disabled);
    assert!(f.directory.account("u20").await.unwrap().is_none());
}

#[tokio::test]
async fn the_brake_holds_before_anything_is_changed() {
    let corp = listing(many(100));
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.synchronised().await;
    let mut people = many(89);
    people[0].first_name = Some("Changed".to_owned());
    people.push(identity("id-new", "new"));
    corp.lists(people.into_iter().map(listed).collect());
    let error = f.sync().await.unwrap_err();
    assert!(
        matches!(
            error,
            SyncError::Brake {
                disabled: 11,
                active: 100,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(f.find("u0").await.first_name, "");
    assert_eq!(f.find("u99").await.state, UserState::Active);
    assert!(f.directory.account("new").await.unwrap().is_none());
    let record = f.directory.synchronisation("corp").await.unwrap().unwrap();
    assert!(record.outcome.unwrap().contains("\"brake\""));

    let mut permitted = f.auth.synchronisations().remove(0);
    permitted.settings.max_disable = MaxDisable::Users(11);
    let report = permitted.run(Duration::ZERO, |_| {}).await.unwrap();
    assert_eq!(numbers(report.counts), [1, 1, 11, 0, 88]);
}

#[tokio::test]
async fn a_list_that_is_not_complete_or_empty_or_ambiguous_changes_nothing() {
    let corp = listing(many(3));
    let mut all = settings("corp");
    all.max_disable = MaxDisable::Percent(100);
    let f = asking(vec![(all, &corp)]).await;
    f.synchronised().await;
    let cut = || Err(Cause::new(CauseKind::Closed, "a test"));
    let twice = identity("id-0", "new");
    for (list, expected) in [
        (vec![listed(identity("id-9", "new")), cut()], "incomplete"),
        (vec![cut()], "incomplete"),
        (vec![], "empty"),
        (vec![listed(twice.clone()), listed(twice)], "ambiguous"),
    ] {
        corp.lists(list);
        assert_eq!(f.sync().await.unwrap_err().name(), expected);
    }
    *corp.list.lock().unwrap() = None;
    assert_eq!(f.sync().await.unwrap_err().name(), "cannot_list");
    assert!(f.directory.account("new").await.unwrap().is_none());
    assert_eq!(f.find("u0").await.state, UserState::Active);
}
