//! Second factors, recovery codes and application passwords, and their export and import.

use std::path::Path;

use futures_util::future::join_all;
use isogloss_core::directory::file::File;
use isogloss_core::directory::{Directory, Enrolment, KeyDigest, KnownAppPassword, NewEnrolment};
use isogloss_core::{TotpSecret, TotpStep};
use time::macros::{date, datetime};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{FILE, load, load_over};

const NOW: OffsetDateTime = datetime!(2026-11-22 09:00 UTC);
const AT_ONCE: usize = 50;

pub(super) async fn hold(directory: &dyn Directory, other: &dyn Directory) {
    load(directory, FILE).await.unwrap();
    steps_are_used_once_and_in_order(directory).await;
    switching_on_ends_tokens_and_switching_off_does_not(directory).await;
    recovery_codes_are_good_once_and_end_with_the_next_ones(directory).await;
    an_application_password_opens_its_realm_until_it_is_removed(directory).await;
    a_file_that_is_silent_leaves_all_of_it_alone(directory).await;
    all_of_it_is_exported_and_what_is_spent_stays_so(directory, other).await;
    an_import_lowers_no_generation(directory).await;
    a_file_may_take_all_of_it_away(directory).await;
}

fn digests(texts: &[&str]) -> Vec<KeyDigest> {
    texts.iter().map(|text| KeyDigest::of(text)).collect()
}

fn enrolment(secret: &str, recovery_codes: &[&str]) -> NewEnrolment {
    NewEnrolment {
        secret: TotpSecret::from_base32(secret).unwrap(),
        confirmed: Some(TotpStep(40)),
        recovery_codes: digests(recovery_codes),
        since: NOW,
    }
}

async fn user(directory: &dyn Directory, name: &str) -> (Uuid, i64) {
    let user = directory.account(name).await.unwrap().unwrap().user;
    (user.id, user.generation)
}

async fn secret(directory: &dyn Directory, name: &str) -> Option<String> {
    let account = directory.account(name).await.unwrap().unwrap();
    account.totp.map(|totp| totp.expose().to_owned())
}

async fn steps_are_used_once_and_in_order(directory: &dyn Directory) {
    let (ada, generation) = user(directory, "ada").await;
    for (step, good) in [(7, true), (7, false), (6, false), (8, true), (7, false)] {
        let used = directory.use_step(ada, TotpStep(step)).await.unwrap();
        assert_eq!(used, good, "{step}");
    }
    assert_eq!(user(directory, "ada").await.1, generation);
    let expected = Enrolment {
        since: None,
        last_step: Some(TotpStep(8)),
        recovery_codes_left: 0,
    };
    assert_eq!(directory.enrolment(ada).await.unwrap(), Some(expected));
}

async fn switching_on_ends_tokens_and_switching_off_does_not(directory: &dyn Directory) {
    let (bob, generation) = user(directory, "bob").await;
    assert_eq!(directory.enrolment(bob).await.unwrap(), None);
    assert!(!directory.disenrol(bob).await.unwrap());
    let codes = digests(&["one"]);
    assert!(!directory.set_recovery_codes(bob, &codes).await.unwrap());
    for (index, shared) in ["GEZDGNBVGY3TQOJQ", "JBSWY3DPEHPK3PXP"]
        .into_iter()
        .enumerate()
    {
        let new = enrolment(shared, &["one", "two"]);
        directory.enrol(bob, &new).await.unwrap();
        let ended = i64::try_from(index).unwrap() + 1;
        assert_eq!(user(directory, "bob").await.1, generation + ended);
        assert_eq!(secret(directory, "bob").await.as_deref(), Some(shared));
        // The code that confirmed the second factor is used; a later one is not, whatever the earlier secret was.
        assert!(!directory.use_step(bob, TotpStep(40)).await.unwrap());
        assert!(directory.use_step(bob, TotpStep(50)).await.unwrap());
    }
    let expected = Enrolment {
        since: Some(NOW),
        last_step: Some(TotpStep(50)),
        recovery_codes_left: 2,
    };
    assert_eq!(directory.enrolment(bob).await.unwrap(), Some(expected));
    assert!(directory.disenrol(bob).await.unwrap());
    assert!(!directory.disenrol(bob).await.unwrap());
    assert_eq!(directory.enrolment(bob).await.unwrap(), None);
    assert_eq!(secret(directory, "bob").await, None);
    assert_eq!(user(directory, "bob").await.1, generation + 2);
    let code = KeyDigest::of("one");
    assert_eq!(directory.use_recovery_code(bob, code).await.unwrap(), None);
}

async fn recovery_codes_are_good_once_and_end_with_the_next_ones(directory: &dyn Directory) {
    let (ada, generation) = user(directory, "ada").await;
    let (bob, _) = user(directory, "bob").await;
    let codes = digests(&["one", "two"]);
    assert!(directory.set_recovery_codes(ada, &codes).await.unwrap());
    let used = async |user, text| {
        let code = KeyDigest::of(text);
        directory.use_recovery_code(user, code).await.unwrap()
    };
    assert_eq!(used(bob, "one").await, None);
    assert_eq!(used(ada, "one").await, Some(1));
    assert_eq!(used(ada, "one").await, None);
    assert_eq!(used(ada, "three").await, None);
    let codes = digests(&["three", "four", "five"]);
    assert!(directory.set_recovery_codes(ada, &codes).await.unwrap());
    assert_eq!(used(ada, "two").await, None);
    assert_eq!(used(ada, "three").await, Some(2));
    assert_eq!(user(directory, "ada").await.1, generation);
}

fn app_password(text: &str, realm: &str) -> KnownAppPassword {
    KnownAppPassword {
        digest: KeyDigest::of(text),
        realm: realm.to_owned(),
        label: format!("the {text} one"),
        made_at: NOW,
        used_on: None,
    }
}

async fn an_application_password_opens_its_realm_until_it_is_removed(directory: &dyn Directory) {
    let (ada, generation) = user(directory, "ada").await;
    let (bob, _) = user(directory, "bob").await;
    let here = app_password("first", "here");
    let mut there = app_password("second", "there");
    there.made_at += Duration::hours(1);
    for password in [&there, &here] {
        directory.add_app_password(ada, password).await.unwrap();
    }
    let found = async |user, realm| {
        let digest = KeyDigest::of("first");
        directory.app_password(user, realm, digest).await.unwrap()
    };
    assert_eq!(found(ada, "here").await, Some(here.clone()));
    assert_eq!(found(ada, "there").await, None);
    assert_eq!(found(bob, "here").await, None);
    assert_eq!(found(Uuid::nil(), "here").await, None);
    let day = date!(2026 - 11 - 23);
    let noted = directory
        .record_app_password_use(ada, here.digest, day)
        .await;
    noted.unwrap();
    let used = KnownAppPassword {
        used_on: Some(day),
        ..here.clone()
    };
    let all = directory.app_passwords(ada).await.unwrap();
    assert_eq!(all, [used, there.clone()]);
    assert_eq!(all[0].id().len(), 8);
    assert_eq!(user(directory, "ada").await.1, generation);
    let removed = async || directory.remove_app_password(ada, there.digest).await;
    assert!(removed().await.unwrap());
    assert!(!removed().await.unwrap());
    assert_eq!(user(directory, "ada").await.1, generation + 1);
}

/// Returns the directory file without Ada's second factor.
fn silent() -> String {
    FILE.replace("totp_secret = \"JBSW Y3DP EHPK 3PXP\"\n", "")
}

async fn a_file_that_is_silent_leaves_all_of_it_alone(directory: &dyn Directory) {
    let before = directory.snapshot().await.unwrap();
    assert_ne!(silent(), FILE);
    assert_eq!(load(directory, &silent()).await.unwrap().unchanged, 4);
    assert_eq!(load(directory, FILE).await.unwrap().unchanged, 4);
    let other_name = silent().replace("first_name = \"Ada\"", "first_name = \"A.\"");
    assert_eq!(load(directory, &other_name).await.unwrap().updated, 1);
    let (ada, _) = user(directory, "ada").await;
    let used_on = directory.app_passwords(ada).await.unwrap()[0].used_on;
    assert!(used_on.is_some());
    let state = directory.enrolment(ada).await.unwrap().unwrap();
    assert_eq!(state.last_step, Some(TotpStep(8)));
    load(directory, FILE).await.unwrap();
    assert_eq!(directory.snapshot().await.unwrap(), before);
}

async fn all_of_it_is_exported_and_what_is_spent_stays_so(
    directory: &dyn Directory,
    other: &dyn Directory,
) {
    let (ada, generation) = user(directory, "ada").await;
    let exported = toml::to_string(&directory.snapshot().await.unwrap()).unwrap();
    load(other, &exported).await.unwrap();
    let there = other.snapshot().await.unwrap();
    assert_eq!(there, directory.snapshot().await.unwrap());
    assert_eq!(user(other, "ada").await, (ada, generation));
    let state = other.enrolment(ada).await.unwrap().unwrap();
    assert_eq!((state.recovery_codes_left, state.last_step), (2, None));
    let spent = KeyDigest::of("three");
    assert_eq!(other.use_recovery_code(ada, spent).await.unwrap(), None);
    let four = KeyDigest::of("four");
    assert_eq!(
        directory.use_recovery_code(ada, four).await.unwrap(),
        Some(1)
    );
    // In the file, the code is unused.
    assert_eq!(load(directory, &exported).await.unwrap().updated, 0);
    assert_eq!(directory.use_recovery_code(ada, four).await.unwrap(), None);
    assert_eq!(user(directory, "ada").await.1, generation);
}

async fn an_import_lowers_no_generation(directory: &dyn Directory) {
    let (_, generation) = user(directory, "ada").await;
    let with = |generation: i64| {
        FILE.replace(
            "number = 7\n",
            &format!("number = 7\ngeneration = {generation}\n"),
        )
    };
    for (said, expected) in [(0, 0), (generation, generation), (90, 90), (89, 90)] {
        load(directory, &with(said)).await.unwrap();
        assert_eq!(user(directory, "ada").await.1, expected.max(generation));
    }
    // Either the file's generation includes the change that ended the tokens, or the change counts as new.
    let new_password = |text: String| text.replace("analytical", "difference");
    load(directory, &new_password(with(95))).await.unwrap();
    assert_eq!(user(directory, "ada").await.1, 95);
    load(directory, &with(95)).await.unwrap();
    assert_eq!(user(directory, "ada").await.1, 96);
    let refused = File::parse(Path::new("f.toml"), &with(-1)).unwrap_err();
    assert_eq!(refused.to_string(), "f.toml: line 10: expected u32");
}

async fn a_file_may_take_all_of_it_away(directory: &dyn Directory) {
    let (ada, generation) = user(directory, "ada").await;
    let digest = KeyDigest::of("three").hex();
    let another = silent().replace(
        "number = 7\n",
        "number = 7\ntotp_secret = \"GEZDGNBVGY3TQOJQ\"\n",
    );
    load_over(directory, &another).await.unwrap();
    // The used codes and the recovery codes belonged to the former secret.
    let fresh = Enrolment {
        since: None,
        last_step: None,
        recovery_codes_left: 0,
    };
    assert_eq!(directory.enrolment(ada).await.unwrap(), Some(fresh));
    assert_eq!(user(directory, "ada").await.1, generation + 1);
    let off = silent().replace("number = 7\n", "number = 7\ntotp_secret = \"\"\n");
    load_over(directory, &off).await.unwrap();
    assert_eq!(secret(directory, "ada").await, None);
    assert_eq!(user(directory, "ada").await.1, generation + 1);
    assert_eq!(load(directory, &off).await.unwrap().unchanged, 4);
    let none = silent().replace("number = 7\n", "number = 7\napp_passwords = []\n");
    load_over(directory, &none).await.unwrap();
    assert!(directory.app_passwords(ada).await.unwrap().is_empty());
    assert_eq!(user(directory, "ada").await.1, generation + 2);
    for (wrong, reason) in [
        (
            format!("recovery_codes = [{{ digest = \"{digest}\" }}]"),
            "user Ada: recovery codes need a TOTP secret",
        ),
        (
            "app_passwords = [{ digest = \"x\", dialect = \"here\", made_at = \"2026-11-22T09:00:00Z\" }]"
                .to_owned(),
            "user Ada, application password: digest is not 64 hexadecimal digits",
        ),
    ] {
        let text = silent().replace("number = 7\n", &format!("number = 7\n{wrong}\n"));
        assert_eq!(load(directory, &text).await, Err(reason.to_owned()));
    }
}

/// Two gateways share a directory: of many logins with the same code, one succeeds.
pub(super) async fn are_used_once_at_once(one: &dyn Directory, other: &dyn Directory) {
    load(one, FILE).await.unwrap();
    let (ada, _) = user(one, "ada").await;
    let codes = digests(&["one", "two"]);
    assert!(one.set_recovery_codes(ada, &codes).await.unwrap());
    let places = || [one, other].into_iter().cycle().take(AT_ONCE);
    for step in [7, 8] {
        let tries = places().map(|place| place.use_step(ada, TotpStep(step)));
        let used = join_all(tries).await.into_iter();
        assert_eq!(used.filter(|used| *used.as_ref().unwrap()).count(), 1);
    }
    let tries = places().map(|place| place.use_recovery_code(ada, codes[0]));
    let used = join_all(tries).await.into_iter();
    let left: Vec<_> = used.filter_map(|used| used.unwrap()).collect();
    assert_eq!(left, [1]);
}
