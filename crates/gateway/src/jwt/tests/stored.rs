//! Keys that the directory stores for all gateways.

use isogloss_core::directory::SigningKeys as _;
use isogloss_directory_sql::SqliteDirectory;
use tempfile::TempDir;

use super::super::secret::Secret;
use super::*;

const ONLY: [Option<&str>; 3] = [Some(SECRET), None, None];

async fn directory() -> (TempDir, SqliteDirectory) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("directory.db");
    (folder, SqliteDirectory::open(&file).await.unwrap())
}

/// Returns a signer that has read its keys at `now`.
async fn loaded(
    settings: &Settings,
    all: [Option<&str>; 3],
    directory: &SqliteDirectory,
) -> JwtSigner {
    let jwts = signer(settings, all);
    jwts.refresh_keys(directory, NOW).await.unwrap();
    jwts
}

fn id() -> [String; 1] {
    [Secret::new(&SECRET.into()).id().to_owned()]
}

#[actix_web::test]
async fn gateways_with_one_directory_have_the_same_keys_of_every_algorithm() {
    for (algorithm, keys) in [
        (JwtAlgorithm::Rs256, 2),
        (JwtAlgorithm::Es256, 2),
        (JwtAlgorithm::EdDsa, 3),
    ] {
        let (_folder, directory) = directory().await;
        let (here, there) = (
            signer(&settings(algorithm), ONLY),
            signer(&settings(algorithm), ONLY),
        );
        let both = tokio::join!(
            here.refresh_keys(&directory, NOW),
            there.refresh_keys(&directory, NOW)
        );
        both.0.unwrap();
        both.1.unwrap();
        let jwt = signed(&here, NOW);
        assert_eq!(part(&jwt, 0)["alg"], algorithm.name());
        assert_eq!(published(&here, NOW).len(), keys);
        assert_eq!(published(&here, NOW), published(&there, NOW));
        assert!(fits(&jwt, &published(&there, NOW)));
        assert!(there.verify(&jwt.text, NOW).is_some());
    }
}

#[actix_web::test]
async fn a_stored_key_is_published_before_it_signs_and_after() {
    let (_folder, directory) = directory().await;
    let jwts = loaded(&settings(JwtAlgorithm::Es256), ONLY, &directory).await;
    let announced = published(&jwts, NOW);
    for days in 1..5 {
        let now = NOW + DAY * days;
        jwts.refresh_keys(&directory, now).await.unwrap();
        assert_eq!(published(&jwts, now).len(), 3, "{days}");
        let jwt = signed(&jwts, now);
        assert_eq!(fits(&jwt, &announced), days == 1, "{days}");
    }
    // Those of the first two periods, which are published nowhere any more, are removed.
    assert_eq!(directory.signing_keys(&id()).await.unwrap().len(), 4);
}

#[actix_web::test]
async fn without_a_key_nothing_is_signed_and_nothing_published() {
    let jwts = signer(&settings(JwtAlgorithm::Rs256), ONLY);
    let audience = ["tms".to_owned()];
    let unsigned = jwts.sign(&identity(), &audience, NOW + DAY, NOW);
    assert_eq!(unsigned.err(), Some(KeysUnavailable));
    let unsigned = jwts.sign_cached(&identity(), &audience, NOW + DAY, NOW);
    assert_eq!(unsigned.err(), Some(KeysUnavailable));
    assert_eq!(jwts.published(NOW), Err(KeysUnavailable));
    assert_eq!(jwts.check_available(NOW), Err(KeysUnavailable));

    let (_folder, directory) = directory().await;
    jwts.refresh_keys(&directory, NOW).await.unwrap();
    assert!(fits(&signed(&jwts, NOW), &published(&jwts, NOW)));
    assert_eq!(jwts.check_available(NOW), Ok(()));
}

#[actix_web::test]
async fn while_the_directory_is_unavailable_the_newest_key_signs_on() {
    let (_folder, directory) = directory().await;
    let jwts = loaded(&settings(JwtAlgorithm::Es256), ONLY, &directory).await;
    directory.close().await;
    let next = signed(&jwts, NOW + DAY);
    let much_later = NOW + DAY * 7;
    assert!(jwts.refresh_keys(&directory, much_later).await.is_err());
    let jwt = signed(&jwts, much_later);
    assert_eq!(kid(&jwt), kid(&next), "the last one that was made");
    assert!(fits(&jwt, &published(&jwts, much_later)));
}

#[actix_web::test]
async fn keys_that_the_directory_has_lost_are_stored_again() {
    let (_folder, directory) = directory().await;
    let jwts = loaded(&settings(JwtAlgorithm::Es256), ONLY, &directory).await;
    let before = published(&jwts, NOW);
    assert_eq!(directory.remove_signing_keys(NOW + DAY).await.unwrap(), 2);
    jwts.refresh_keys(&directory, NOW).await.unwrap();
    assert_eq!(published(&jwts, NOW), before);
    assert_eq!(directory.signing_keys(&id()).await.unwrap().len(), 2);
}

#[actix_web::test]
async fn a_stored_key_is_opened_by_its_secret_for_its_period_and_algorithm_only() {
    let (_folder, directory) = directory().await;
    loaded(&settings(JwtAlgorithm::Es256), ONLY, &directory).await;
    let stored = directory.signing_keys(&id()).await.unwrap().swap_remove(0);
    let secret = Secret::new(&SECRET.into());
    assert!(secret.open(&stored).is_some());
    assert!(Secret::new(&OTHER.into()).open(&stored).is_none());
    let mut other = stored.clone();
    other.period += 1;
    assert!(secret.open(&other).is_none());
    other = stored.clone();
    "RS256".clone_into(&mut other.algorithm);
    assert!(secret.open(&other).is_none());
    for changed in [0, 1, stored.sealed.len() - 1] {
        other = stored.clone();
        other.sealed[changed] ^= 1;
        assert!(secret.open(&other).is_none());
    }
    let key = secret.open(&stored).unwrap();
    let is_in_clear = key.with_pkcs8(|der| {
        let mut parts = der.chunks_exact(16);
        parts.any(|part| stored.sealed.windows(16).any(|bytes| bytes == part))
    });
    assert!(!is_in_clear.unwrap());
    assert!(!format!("{stored:?}").contains("sealed"));
}

#[actix_web::test]
async fn a_damaged_key_is_a_failure_and_the_others_stay_in_use() {
    let (_folder, directory) = directory().await;
    let jwts = loaded(&settings(JwtAlgorithm::Es256), ONLY, &directory).await;
    let mut stored = directory.signing_keys(&id()).await.unwrap();
    directory.remove_signing_keys(NOW + DAY).await.unwrap();
    for key in &mut stored {
        key.sealed.truncate(40);
        assert!(directory.add_signing_key(key).await.unwrap());
    }
    let said = jwts.refresh_keys(&directory, NOW).await.unwrap_err();
    assert!(said.to_string().contains("is damaged"), "{said}");
    assert!(fits(&signed(&jwts, NOW), &published(&jwts, NOW)));
}

#[actix_web::test]
async fn a_secret_is_changed_without_an_unknown_key() {
    let (_folder, directory) = directory().await;
    let settings = settings(JwtAlgorithm::Es256);
    let announced = [Some(SECRET), None, Some(OTHER)];
    let announcing = loaded(&settings, announced, &directory).await;
    let changed = loaded(&settings, [Some(OTHER), Some(SECRET), None], &directory).await;
    for (signs, publishes) in [
        (&announcing, &announcing),
        (&announcing, &changed),
        (&changed, &announcing),
        (&changed, &changed),
    ] {
        assert!(fits(&signed(signs, NOW), &published(publishes, NOW)));
    }
    let finished = loaded(&settings, [Some(OTHER), None, None], &directory).await;
    assert!(fits(&signed(&changed, NOW), &published(&finished, NOW)));
    assert!(!fits(&signed(&announcing, NOW), &published(&finished, NOW)));
}

#[actix_web::test]
async fn an_algorithm_is_changed_without_an_unknown_key() {
    let (_folder, directory) = directory().await;
    let with = |algorithm, also_publish: &[JwtAlgorithm]| Settings {
        also_publish: also_publish.to_vec(),
        ..settings(algorithm)
    };
    let old = JwtAlgorithm::EdDsa;
    let announcing = loaded(&with(old, &[JwtAlgorithm::Rs256]), ONLY, &directory).await;
    let changed = loaded(&with(JwtAlgorithm::Rs256, &[old]), ONLY, &directory).await;
    for (signs, publishes) in [(&announcing, &changed), (&changed, &announcing)] {
        assert!(fits(&signed(signs, NOW), &published(publishes, NOW)));
    }
    assert_eq!(part(&signed(&announcing, NOW), 0)["alg"], "EdDSA");
    assert_eq!(part(&signed(&changed, NOW), 0)["alg"], "RS256");
    let finished = loaded(&settings(JwtAlgorithm::Rs256), ONLY, &directory).await;
    let kinds: Vec<_> = published(&finished, NOW);
    assert!(
        kinds.iter().all(|key| key["kty"] == "RSA"),
        "one kind of key"
    );
}
