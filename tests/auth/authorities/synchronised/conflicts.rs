//! Users who cannot be stored as the authority says, or are not its to change.

use super::*;

#[tokio::test]
async fn local_users_administrators_and_adopted_users_are_not_touched() {
    let corp = listing([
        identity("id-1", "ada"),
        identity("id-2", "boss"),
        identity("id-3", "imported"),
        Identity {
            first_name: Some("Other".to_owned()),
            ..identity("id-4", "adopted")
        },
    ]);
    let matching = AuthoritySettings {
        match_by: Some(MatchBy::UserName),
        ..settings("corp")
    };
    let f = asking(vec![(matching, &corp)]).await;
    f.import("boss", "authority = 'corp', role = 'ADMIN'").await;
    f.import("imported", "authority = 'corp'").await;
    f.import(
        "adopted",
        "authority = 'corp', external_id = 'id-4', adopted = true",
    )
    .await;
    f.import(
        "gone-but-adopted",
        "authority = 'corp', external_id = 'id-5', adopted = true",
    )
    .await;
    f.import("gone-but-not-linked", "authority = 'corp'").await;
    let report = f.sync().await.unwrap();
    assert_eq!(numbers(report.counts), [0, 1, 0, 0, 0]);
    assert_eq!(report.counts.adopted, 1);
    let faults: Vec<_> = report.faults.iter().map(ToString::to_string).collect();
    let reason = "another user here has that name";
    assert_eq!(
        faults,
        [
            format!("user ada: {reason}"),
            format!("user boss: {reason}")
        ]
    );
    for (name, external_id) in [
        ("ada", None),
        ("boss", None),
        ("imported", Some("id-3")),
        ("adopted", Some("id-4")),
        ("gone-but-not-linked", None),
    ] {
        let account = f.directory.account(name).await.unwrap().unwrap();
        let link = account.link.and_then(|link| link.external_id);
        assert_eq!(link.as_deref(), external_id, "{name}");
        assert_eq!(account.user.state, UserState::Active, "{name}");
        assert_eq!(account.user.first_name, "", "{name}");
    }
    let gone = f.find("gone-but-adopted").await;
    assert_eq!(gone.state, UserState::Active);
}

#[tokio::test]
async fn a_user_who_cannot_have_a_name_still_loses_rights() {
    let manager = Identity {
        role: Some(Role::ProjectManager),
        ..identity("id-1", "kim")
    };
    let corp = listing([manager]);
    let permitted = AuthoritySettings {
        highest_role: Role::ProjectManager,
        ..settings("corp")
    };
    let f = asking(vec![(permitted, &corp)]).await;
    f.synchronised().await;
    assert_eq!(f.find("kim").await.role, Role::ProjectManager);
    corp.lists(vec![
        // Both of them want the name of a local user.
        listed(Identity {
            role: Some(Role::Linguist),
            ..identity("id-1", "ada")
        }),
        listed(identity("id-2", "Ada")),
    ]);
    let report = f.sync().await.unwrap();
    assert_eq!(report.counts.faults, 2, "{:?}", report.faults);
    assert_eq!(f.find("kim").await.role, Role::Linguist);
}

#[tokio::test]
async fn users_may_exchange_their_names() {
    let corp = listing(many(2));
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.synchronised().await;
    let before = f.find("u0").await;
    corp.lists(vec![
        listed(identity("id-0", "u1")),
        listed(identity("id-1", "u0")),
    ]);
    assert_eq!(numbers(f.synchronised().await), [0, 2, 0, 0, 0]);
    assert_eq!(f.find("u1").await.id, before.id);
}

#[tokio::test]
async fn a_preview_says_what_a_run_does_and_changes_nothing() {
    let corp = listing(many(20));
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.synchronised().await;
    let mut people = many(19);
    people[4].last_name = Some("Lee".to_owned());
    people.push(identity("id-new", "new"));
    people.push(identity("id-newer", "NEW"));
    corp.lists(people.into_iter().map(listed).collect());
    let before = f.directory.snapshot().await.unwrap();
    let preview = f.auth.synchronisations()[0].preview(|_| {}).await.unwrap();
    assert_eq!(f.directory.snapshot().await.unwrap(), before);
    let run = f.sync().await.unwrap();
    let lines = |report: &SyncReport| -> Vec<_> {
        let changes = report.changes.iter().map(ToString::to_string);
        // A number is given when a user is added.
        changes
            .map(|line| line.split(", number").next().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(lines(&preview), lines(&run));
    assert_eq!(preview.counts, run.counts);
    assert_eq!(numbers(run.counts), [1, 1, 1, 0, 18]);
    assert_eq!(run.counts.faults, 1);
}

#[tokio::test]
async fn an_erased_user_is_not_added_again() {
    let corp = listing(many(20));
    let f = asking(vec![(settings("corp"), &corp)]).await;
    f.synchronised().await;
    let user = f.find("u7").await;
    f.auth.erase(&user).await.unwrap();
    let counts = f.synchronised().await;
    assert_eq!(numbers(counts), [0, 0, 0, 0, 19]);
    assert_eq!(counts.left_out, 1);
}
