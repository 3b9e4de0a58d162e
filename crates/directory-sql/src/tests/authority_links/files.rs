//! Links to authorities, and users without a password, in directory files.

use isogloss_core::directory::file::Import;
use isogloss_core::directory::{
    AcceptedPassword, Applied, Directory, Part, Patch, Precedence, SetHere, UserEdit, UserEntry,
};

use super::super::{file, load, passwords};
use super::{acceptance, account, edit, hash, link};

const NEW: &str = "organisation = 'Umbrella'";

/// Runs all checks; `other` is an empty directory.
pub(super) async fn hold(directory: &dyn Directory, other: &dyn Directory) {
    a_new_user_needs_a_password_or_an_authority_or_says_none(directory).await;
    what_a_file_does_not_say_stays(directory).await;
    what_was_linked_here_stays_unless_the_state_is_replaced(directory).await;
    users_of_one_file_exchange_their_links(directory).await;
    a_password_is_removed_only_by_none(directory).await;
    what_is_exported_can_be_imported(directory, other).await;
}

fn user(name: &str, said: &str) -> String {
    format!("users = [{{ user_name = '{name}', {said} }}]")
}

fn unchanged(unchanged: u64) -> Applied {
    Applied {
        unchanged,
        ..Applied::default()
    }
}

fn kept(applied: &Applied) -> Vec<String> {
    let kept = applied.kept.iter();
    kept.map(|kept| format!("{}: {}", kept.entry, kept.what))
        .collect()
}

async fn entry(directory: &dyn Directory, name: &str) -> UserEntry {
    let users = directory.snapshot().await.unwrap().users;
    let mut found = users.into_iter().filter(|user| user.user_name == name);
    found.next().unwrap()
}

async fn load_state(directory: &dyn Directory, text: &str) -> Applied {
    let import = Import {
        directory,
        passwords: &passwords(),
        precedence: Precedence {
            state: SetHere::Replace,
            ..Precedence::default()
        },
    };
    import.apply(file(text), |_| {}).await.unwrap()
}

async fn a_new_user_needs_a_password_or_an_authority_or_says_none(directory: &dyn Directory) {
    let reason = "user f0: needs password or password_hash, password = \"none\", or authority";
    for nothing in ["", ", authority = ''", ", external_id = ''"] {
        let refused = load(directory, &user("f0", &format!("{NEW}{nothing}"))).await;
        assert_eq!(refused, Err(reason.to_owned()), "{nothing}");
    }
    for (said, reason) in [
        ("external_id = 'x'", "the external id needs an authority"),
        (
            "authority = '', external_id = 'x'",
            "the external id needs an authority",
        ),
        (
            "password = 'none', password_hash = 'none'",
            "has both password and password_hash",
        ),
    ] {
        let refused = load(directory, &user("f0", &format!("{NEW}, {said}"))).await;
        assert_eq!(refused, Err(format!("user f0: {reason}")));
    }
    for (name, said, expected) in [
        ("f1", "password = 'none'", None),
        ("f2", "password_hash = 'none'", None),
        ("f3", "authority = 'corp'", Some(("corp", None, false))),
        (
            "f4",
            "authority = ' corp', external_id = 'F-4', password = 'none'",
            Some(("corp", Some("F-4"), false)),
        ),
        (
            "f5",
            "authority = 'corp', external_id = 'F-5', adopted = true",
            Some(("corp", Some("F-5"), true)),
        ),
    ] {
        let text = user(name, &format!("{NEW}, {said}"));
        assert_eq!(load(directory, &text).await.unwrap().created, 1, "{said}");
        assert_eq!(load(directory, &text).await, Ok(unchanged(1)), "{said}");
        let added = account(directory, name).await;
        assert_eq!((hash(&added), link(&added)), (None, expected), "{said}");
        assert_eq!(entry(directory, name).await.set_here, [], "{said}");
    }
}

async fn what_a_file_does_not_say_stays(directory: &dyn Directory) {
    // Linked and accepted at a login.
    let f3 = account(directory, "f3").await.user;
    let accepted = acceptance::of("F-3", AcceptedPassword::Replace("cached".into()));
    let recorded = directory.record_acceptance(f3.id, &accepted).await;
    assert!(recorded.unwrap());
    let before = directory.snapshot().await.unwrap();
    for said in [
        "role = 'LINGUIST'",
        "authority = 'corp'",
        "authority = 'corp', external_id = 'F-3'",
        "external_id = 'F-3'",
        "authority = 'corp', password = 'none'",
    ] {
        let applied = load(directory, &user("f3", said)).await;
        assert_eq!(applied, Ok(unchanged(1)), "{said}");
        assert_eq!(directory.snapshot().await.unwrap(), before, "{said}");
    }
    let f3 = entry(directory, "f3").await;
    assert_eq!(f3.set_here, [Part::Password, Part::Authority]);
    assert_eq!(f3.password_hash.as_deref(), Some("cached"));
}

async fn what_was_linked_here_stays_unless_the_state_is_replaced(directory: &dyn Directory) {
    // A link that an import set follows the next import.
    let other = user("f4", "authority = 'other'");
    assert_eq!(load(directory, &other).await.unwrap().updated, 1);
    let f4 = account(directory, "f4").await;
    assert_eq!(link(&f4), Some(("other", None, false)));
    let back = user("f4", "authority = 'corp', external_id = 'F-4'");
    assert_eq!(load(directory, &back).await.unwrap().updated, 1);
    // One that was set here does not.
    let local = UserEdit {
        authority: Patch::Remove,
        ..UserEdit::default()
    };
    edit(directory, "f4", local).await.unwrap();
    for (name, said) in [
        ("f4", "authority = 'corp', external_id = 'F-4'"),
        ("f3", "authority = 'corp', external_id = 'another'"),
        ("f3", "authority = ''"),
        ("mover", "authority = 'corp', external_id = 'm7'"),
    ] {
        let before = directory.snapshot().await.unwrap();
        let applied = load(directory, &user(name, said)).await.unwrap();
        assert_eq!(
            kept(&applied),
            [format!("user {name}: authority")],
            "{said}"
        );
        assert_eq!(directory.snapshot().await.unwrap(), before, "{said}");
    }
    for (name, said, expected) in [
        (
            "f4",
            "authority = 'corp', external_id = 'F-4'",
            Some(("corp", Some("F-4"), false)),
        ),
        ("f3", "authority = ''", None),
        (
            "mover",
            "authority = 'corp', external_id = 'm7'",
            Some(("corp", Some("m7"), false)),
        ),
    ] {
        let before = account(directory, name).await;
        let applied = load_state(directory, &user(name, said)).await;
        assert_eq!((applied.updated, kept(&applied)), (1, Vec::new()), "{said}");
        let now = account(directory, name).await;
        assert_eq!((link(&now), now.accepted_at), (expected, None), "{said}");
        assert_eq!(hash(&now), hash(&before), "the password stays");
        assert_eq!(now.user, before.user, "and so do tokens");
    }
}

async fn users_of_one_file_exchange_their_links(directory: &dyn Directory) {
    let pair = |one: &str, other: &str| {
        let user = |name: &str, id: &str| {
            format!("{{ user_name = '{name}', {NEW}, authority = 'corp', external_id = '{id}' }}")
        };
        format!("users = [{}, {}]", user("g1", one), user("g2", other))
    };
    load(directory, &pair("G-1", "G-2")).await.unwrap();
    let refused = load(directory, &pair("G-1", "G-1")).await;
    let reason = "user g2: user g1 has the same external id at corp";
    assert_eq!(refused, Err(reason.to_owned()));
    let exchanged = load(directory, &pair("G-2", "G-1")).await.unwrap();
    assert_eq!(exchanged.updated, 2);
    let found = directory.linked_account("corp", "G-1").await.unwrap();
    assert_eq!(found.unwrap().user.user_name, "g2");
}

async fn a_password_is_removed_only_by_none(directory: &dyn Directory) {
    let with = |password: &str| user("h1", &format!("{NEW}, password = '{password}'"));
    load(directory, &with("secret-1")).await.unwrap();
    let generation = account(directory, "h1").await.user.generation;
    let given = user("h1", "authority = 'corp'");
    load(directory, &given).await.unwrap();
    assert!(hash(&account(directory, "h1").await).is_some());
    assert_eq!(load(directory, &with("none")).await.unwrap().updated, 1);
    let now = account(directory, "h1").await;
    assert_eq!(hash(&now), None);
    assert_eq!(now.user.generation, generation + 1, "tokens end");
    assert_eq!(load(directory, &with("secret-2")).await.unwrap().updated, 1);
    assert_eq!(load(directory, &with("secret-2")).await, Ok(unchanged(1)));
    let local = UserEdit {
        authority: Patch::Remove,
        ..UserEdit::default()
    };
    edit(directory, "h1", local).await.unwrap();
    directory
        .set_password(now.user.id, "set here")
        .await
        .unwrap();
    let applied = load(directory, &with("none")).await.unwrap();
    assert_eq!(kept(&applied), ["user h1: password"]);
    assert_eq!(hash(&account(directory, "h1").await), Some("set here"));
}

async fn what_is_exported_can_be_imported(directory: &dyn Directory, other: &dyn Directory) {
    // A hash that a file may have: the checks above stored any text.
    let hash = passwords().hash("exported".into()).await.unwrap();
    for user in directory.snapshot().await.unwrap().users {
        if user.password_hash.is_none() {
            continue;
        }
        directory.set_password(user.id, &hash).await.unwrap();
        if let (Some("corp"), Some(id)) = (user.judging_authority(), &user.external_id) {
            let accepted = AcceptedPassword::Keep(hash.clone().into());
            let accepted = acceptance::of(id, accepted);
            let recorded = directory.record_acceptance(user.id, &accepted).await;
            assert!(recorded.unwrap());
        }
    }
    let exported = directory.snapshot().await.unwrap();
    let has = |what: fn(&UserEntry) -> bool| exported.users.iter().any(what);
    assert!(has(|user| user.accepted_at.is_some() && !user.adopted));
    assert!(has(|user| user.last_login_at.is_some()));
    assert!(has(|user| user.adopted));
    assert!(has(
        |user| user.authority.is_none() && user.password_hash.is_none()
    ));
    let text = toml::to_string(&exported).unwrap();
    load(other, &text).await.unwrap();
    assert_eq!(other.snapshot().await.unwrap(), exported);
    let again = load(other, &text).await.unwrap();
    assert_eq!((again.created, again.updated), (0, 0));
    let json = serde_json::to_string(&exported).unwrap();
    assert!(json.contains("\"password_hash\":\"none\""));
}
