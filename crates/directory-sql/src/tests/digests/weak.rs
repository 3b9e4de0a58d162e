//! Guessable card codes and keys.

use std::path::Path;
use std::time::Duration;

use isogloss_core::Clock as _;
use isogloss_core::directory::KeyDigest;
use isogloss_core::directory::file::{File, import};

use super::super::{FILE, passwords};
use super::{CODE, KEY, OLD, Reopen, clock, under};

pub(super) async fn what_can_be_guessed_is_refused(database: &impl Reopen) {
    let clock = clock();
    let directory = database.open(under(OLD, None, &clock)).await;
    let card = FILE.replace(CODE, "90210");
    let key = FILE.replace(KEY, "abc");
    let import = async |text: &str| {
        let file = File::parse(Path::new("d.toml"), text).unwrap();
        let file = file.with_public_realms(&["public"]);
        let weak = file.guessable();
        let done = import(directory.as_ref(), &passwords(), file, |_| {}).await;
        (weak, done.map_err(|error| error.to_string()))
    };
    let reason = "can be guessed: take 16 random characters or more, or set allow_weak = true for \
                  one that is in use already";
    let (weak, done) = import(&card).await;
    assert_eq!(weak, ["user Ada, access card 1"]);
    assert_eq!(
        done,
        Err(format!("user Ada, access card 1, code: {reason}"))
    );
    let (weak, done) = import(&key).await;
    assert_eq!(weak, ["here key test"]);
    assert_eq!(done, Err(format!("here key test: {reason}")));
    assert!(directory.snapshot().await.unwrap().users.is_empty());

    let public = key.replace("realm = \"here\"", "realm = \"public\"");
    assert!(import(&public).await.0.is_empty());
    for (text, marked) in [
        (
            &card,
            card.replace("\"90210\"", "\"90210\", allow_weak = true"),
        ),
        (&key, key.replace("\"abc\"", "\"abc\"\nallow_weak = true")),
    ] {
        let (weak, done) = import(&marked).await;
        assert!(weak.is_empty() && done.is_ok(), "{weak:?} {done:?}");
        let (weak, done) = import(text).await;
        assert!(
            weak.len() == 1 && done.is_ok(),
            "it is there already: {weak:?} {done:?}"
        );
    }
    // A guessable key that was revoked stays revoked, and does not cause the file to be rejected.
    directory
        .remove_key("here", KeyDigest::of("abc"))
        .await
        .unwrap();
    let (_, done) = import(&key).await;
    assert_eq!(done.unwrap().kept[0].what, "revocation");
    let now = clock.now();
    assert!(directory.digest_keys().await.unwrap()[0].made_at > now - Duration::from_secs(1));
}
