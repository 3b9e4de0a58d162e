//! Passwords that an authority accepted.

use futures_util::future::join_all;
use isogloss_core::directory::{Acceptance, AcceptedPassword, Directory};
use time::Duration;
use uuid::Uuid;

use super::{NOW, account, add, hash, link, linked, person};

/// Runs all checks; `again` is a second handle of the same directory.
pub(super) async fn hold(directory: &dyn Directory, again: &dyn Directory) {
    it_links_and_stores_what_it_says(directory).await;
    an_adopted_user_stays_so(directory).await;
    whom_it_does_not_concern_stays_as_he_is(directory).await;
    of_two_adoptions_one_counts(directory, again).await;
    of_two_users_one_gets_a_link(directory, again).await;
    a_hash_is_forgotten_only_while_it_is_stored(directory).await;
}

/// Returns an acceptance by `corp`.
pub(super) fn of(external_id: &str, password: AcceptedPassword) -> Acceptance {
    Acceptance {
        authority: "corp".to_owned(),
        external_id: external_id.to_owned(),
        password,
        at: NOW,
    }
}

async fn record(directory: &dyn Directory, user: Uuid, acceptance: &Acceptance) -> bool {
    directory.record_acceptance(user, acceptance).await.unwrap()
}

async fn it_links_and_stores_what_it_says(directory: &dyn Directory) {
    add(directory, linked("amy", None)).await.unwrap();
    let before = account(directory, "amy").await.user;
    let later = NOW + Duration::HOUR;
    let replaced = of("amy-1", AcceptedPassword::Replace("one".into()));
    let kept = Acceptance {
        at: later,
        ..of("amy-1", AcceptedPassword::Keep("one".into()))
    };
    let another = Acceptance {
        at: later + Duration::HOUR,
        ..of("amy-1", AcceptedPassword::Keep("gone by now".into()))
    };
    for (acceptance, expected) in [
        (&of("amy-1", AcceptedPassword::Forget), (None, None)),
        (&replaced, (Some("one"), Some(NOW))),
        (&kept, (Some("one"), Some(later))),
        (&another, (Some("one"), Some(later))),
        (&of("amy-1", AcceptedPassword::Forget), (None, None)),
        (&replaced, (Some("one"), Some(NOW))),
    ] {
        for _ in 0..2 {
            assert!(record(directory, before.id, acceptance).await);
            let now = account(directory, "amy").await;
            assert_eq!(link(&now), Some(("corp", Some("amy-1"), false)));
            assert_eq!((hash(&now), now.accepted_at), expected);
            assert_eq!(now.user, before, "tokens stay valid");
        }
    }
    let found = directory.linked_account("corp", "amy-1").await.unwrap();
    assert_eq!(found.unwrap().user.id, before.id);
}

async fn an_adopted_user_stays_so(directory: &dyn Directory) {
    let amy = account(directory, "amy").await.user;
    let adopted = of("amy-1", AcceptedPassword::Adopt("her own".into()));
    // The answer to the first attempt may have been lost.
    assert!(record(directory, amy.id, &adopted).await);
    assert!(record(directory, amy.id, &adopted).await);
    let later = Acceptance {
        at: NOW + Duration::HOUR,
        ..adopted
    };
    let other = of("amy-1", AcceptedPassword::Adopt("another".into()));
    let forget = of("amy-1", AcceptedPassword::Forget);
    for refused in [later, other, forget] {
        assert!(!record(directory, amy.id, &refused).await);
    }
    directory.forget_hash(amy.id, "her own").await.unwrap();
    let now = account(directory, "amy").await;
    assert_eq!(link(&now), Some(("corp", Some("amy-1"), true)));
    assert_eq!((hash(&now), &now.user), (Some("her own"), &amy));
}

async fn whom_it_does_not_concern_stays_as_he_is(directory: &dyn Directory) {
    add(directory, linked("ben", Some("ben-1"))).await.unwrap();
    add(directory, person("cleo")).await.unwrap();
    let before = directory.snapshot().await.unwrap();
    let [ben, cleo] = [
        account(directory, "ben").await.user.id,
        account(directory, "cleo").await.user.id,
    ];
    let replace = || AcceptedPassword::Replace("x".into());
    let of_other = Acceptance {
        authority: "other".to_owned(),
        ..of("ben-1", replace())
    };
    for (user, acceptance) in [
        (ben, of("ben-2", replace())),
        (ben, of("", replace())),
        (ben, of("ben-1\0", replace())),
        (ben, of_other),
        (cleo, of("cleo-1", replace())),
        (cleo, of("ben-1", replace())),
        (Uuid::new_v4(), of("nobody", replace())),
    ] {
        let recorded = record(directory, user, &acceptance).await;
        assert!(!recorded, "{acceptance:?}");
    }
    assert_eq!(directory.snapshot().await.unwrap(), before);
}

async fn of_two_adoptions_one_counts(directory: &dyn Directory, again: &dyn Directory) {
    add(directory, linked("dora", None)).await.unwrap();
    let dora = account(directory, "dora").await.user.id;
    let all = (0..8).map(|number| async move {
        let directory = if number % 2 == 0 { directory } else { again };
        let hash = format!("hash {number}");
        let adopted = of("dora-1", AcceptedPassword::Adopt(hash.clone().into()));
        (record(directory, dora, &adopted).await, hash)
    });
    let all = join_all(all).await;
    let counted: Vec<_> = all.iter().filter(|(counts, _)| *counts).collect();
    assert_eq!(counted.len(), 1, "{all:?}");
    let now = account(directory, "dora").await;
    assert_eq!(hash(&now), Some(counted[0].1.as_str()));
}

async fn of_two_users_one_gets_a_link(directory: &dyn Directory, again: &dyn Directory) {
    let names = ["eli", "eve", "elsa", "emma"];
    let mut ids = Vec::new();
    for name in names {
        add(directory, linked(name, None)).await.unwrap();
        ids.push(account(directory, name).await.user.id);
    }
    let accepted = of("e-1", AcceptedPassword::Forget);
    let all = ids.iter().enumerate().map(|(number, id)| {
        let directory = if number % 2 == 0 { directory } else { again };
        record(directory, *id, &accepted)
    });
    let counted = join_all(all).await.into_iter().filter(|counts| *counts);
    assert_eq!(counted.count(), 1);
}

async fn a_hash_is_forgotten_only_while_it_is_stored(directory: &dyn Directory) {
    let ben = account(directory, "ben").await.user;
    let accepted = of("ben-1", AcceptedPassword::Replace("cached".into()));
    assert!(record(directory, ben.id, &accepted).await);
    directory.forget_hash(ben.id, "another").await.unwrap();
    let now = account(directory, "ben").await;
    assert_eq!((hash(&now), now.accepted_at), (Some("cached"), Some(NOW)));
    directory.forget_hash(ben.id, "cached").await.unwrap();
    let now = account(directory, "ben").await;
    assert_eq!((hash(&now), now.accepted_at), (None, None));
    assert_eq!(now.user, ben, "tokens stay valid");
    let cleo = account(directory, "cleo").await;
    let own = hash(&cleo).unwrap();
    directory.forget_hash(cleo.user.id, own).await.unwrap();
    assert!(hash(&account(directory, "cleo").await).is_some(), "local");
}
