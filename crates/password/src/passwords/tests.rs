//! Checks, new hashes, and replacements.

use std::num::NonZeroUsize;

use secrecy::ExposeSecret;

use super::*;
use crate::verified::Verified;

fn passwords(queue: usize) -> Passwords {
    Passwords::start(PasswordSettings {
        bcrypt_cost: 4,
        threads: NonZeroUsize::new(1),
        queue,
        ..PasswordSettings::default()
    })
    .unwrap()
}

#[tokio::test]
async fn the_right_password_matches_and_others_do_not() {
    let passwords = passwords(8);
    let hash = passwords.hash("pässword".into()).await.unwrap();
    assert!(
        passwords
            .verify("pässword".into(), Some(hash.clone()))
            .await
            .unwrap()
    );
    assert!(
        !passwords
            .verify("passwort".into(), Some(hash.clone()))
            .await
            .unwrap()
    );
    assert!(
        !passwords
            .verify("pässword\0".into(), Some(hash))
            .await
            .unwrap()
    );
    assert!(!passwords.verify("U*U".into(), None).await.unwrap());
}

/// Imported hashes were computed from the bytes that clients send.
#[tokio::test]
async fn a_password_is_the_bytes_that_were_sent_in_any_normal_form() {
    let passwords = passwords(8);
    let forms = ["caf\u{e9} am See", "cafe\u{301} am See"];
    for set in forms {
        let hash = passwords.hash(set.into()).await.unwrap();
        for sent in forms {
            let matches = passwords.verify(sent.into(), Some(hash.clone())).await;
            assert_eq!(matches.unwrap(), sent == set);
        }
    }
}

#[tokio::test]
async fn a_password_that_bcrypt_would_truncate_is_not_set() {
    let passwords = passwords(8);
    for (password, error) in [
        ("", "a password cannot be empty"),
        (&"x".repeat(73), "a password may have 72 bytes at most"),
        ("a\0b", "a password cannot hold a NUL byte"),
    ] {
        let refused = passwords.hash(password.into()).await.unwrap_err();
        assert_eq!(refused.to_string(), error);
    }
    assert!(passwords.hash("x".repeat(72).into()).await.is_ok());
}

#[tokio::test]
async fn an_unknown_user_costs_a_hash_like_a_known_one() {
    let passwords = passwords(1);
    let slow = bcrypt::hash("slow", 8).unwrap();
    let known = (0..8).map(|_| Some(slow.clone()));
    let tries = known.chain([None]);
    let tries = tries.map(|hash| passwords.verify("slow".into(), hash));
    let answers = futures_util::future::join_all(tries).await;
    // If the unknown user had been refused at once, the full queue would not have been reached.
    let unknown = answers.last().unwrap();
    assert!(matches!(unknown, Err(HashingError::Overloaded { .. })));
    assert!(!passwords.verify("slow".into(), None).await.unwrap());
}

/// Passwords and their hashes from other systems: phpass, SSHA, PBKDF2 of ASP.NET, and bcrypt at cost 5.
const OF_ELSEWHERE: [(&str, &str); 4] = [
    ("JohnRipper", "$P$B12345678L6Lpt4BxNotVIMILOa9u81"),
    ("testing123", "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr"),
    (
        "my password",
        "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==",
    ),
    (
        "U*U",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ),
];

fn at_cost(bcrypt_cost: u32) -> Passwords {
    Passwords::start(PasswordSettings {
        bcrypt_cost,
        threads: NonZeroUsize::new(2),
        queue: 1,
        allow_weak: true,
        ..PasswordSettings::default()
    })
    .unwrap()
}

#[tokio::test]
async fn the_right_password_of_a_hash_from_elsewhere_has_a_replacement() {
    // Bcrypt at cost 5 is of a higher cost, and of a lower one.
    for cost in [4, 6] {
        let passwords = at_cost(cost);
        for (password, hash) in OF_ELSEWHERE {
            let verify = |tried: &str| passwords.verify_and_rehash(tried.into(), hash.to_owned());
            let verified = verify(password).await.unwrap();
            assert!(verified.matches, "{hash}");
            let replacement = verified.replacement.unwrap();
            let replacement = replacement.expose_secret();
            assert!(passwords.is_current(replacement), "{replacement}");
            assert_eq!(bcrypt::verify(password, replacement).ok(), Some(true));
            let salted_anew = verify(password).await.unwrap().replacement.unwrap();
            assert_ne!(salted_anew.expose_secret(), replacement);
            let Verified {
                matches,
                replacement,
            } = verify("another").await.unwrap();
            assert!(!matches && replacement.is_none(), "{hash}");
            // Where nothing is replaced, such as at cards, the same passwords match.
            for (tried, fits) in [(password, true), ("another", false)] {
                let found = passwords.verify(tried.into(), Some(hash.to_owned())).await;
                assert_eq!(found.unwrap(), fits, "{hash}");
            }
        }
    }
}

#[tokio::test]
async fn a_hash_that_stays_has_no_replacement() {
    let passwords = at_cost(4);
    let current = passwords.hash("U*U".into()).await.unwrap();
    // Of "test", from WordPress 6.8, which removes white space around a password.
    let trims = "$wp$2y$05$abcdefghijklmnopqrstuu0gEBJUvPGHSOPEWF02FA26rvpRXOh6a";
    // {SHA} of nothing, and of 80 bytes. Neither is a password for bcrypt.
    let long = "x".repeat(80);
    for (password, hash) in [
        ("U*U", current.as_str()),
        (" test", trims),
        ("", "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
        (&long, "{SHA}mhYxdXId8MC8tCysqx+LZq6VXc8="),
    ] {
        let verified = passwords
            .verify_and_rehash(password.into(), hash.to_owned())
            .await
            .unwrap();
        assert!(verified.matches, "{hash}");
        assert!(verified.replacement.is_none(), "{hash}");
    }
    let broken = passwords.verify_and_rehash("U*U".into(), "$2b$04$".to_owned());
    assert!(!broken.await.unwrap().matches);
}

#[tokio::test]
async fn a_hash_at_a_login_is_one_of_the_whole_password_or_none() {
    let passwords = at_cost(4);
    let hash = passwords.hash_at_login("x".repeat(72).into()).await;
    let hash = hash.unwrap().unwrap();
    assert!(passwords.is_current(hash.expose_secret()));
    for (bytes, fits) in [(72, true), (71, false)] {
        let hash = Some(hash.expose_secret().to_owned());
        let found = passwords.verify("x".repeat(bytes).into(), hash).await;
        assert_eq!(found.unwrap(), fits, "{bytes}");
    }
    for password in ["", "a\0b", &"x".repeat(73)] {
        let none = passwords.hash_at_login(password.into()).await.unwrap();
        assert!(none.is_none(), "{password:?}");
    }
}

#[tokio::test]
async fn what_is_found_of_a_password_is_not_shown() {
    let (password, hash) = OF_ELSEWHERE[0];
    let passwords = at_cost(4);
    let verified = passwords.verify_and_rehash(password.into(), hash.to_owned());
    assert_eq!(format!("{:?}", verified.await.unwrap()), "Verified(…)");
}
