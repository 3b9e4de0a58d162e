//! Keys that come as files.

use std::fs;
use std::path::PathBuf;

use data_encoding::BASE64;
use tempfile::TempDir;

use super::*;
use crate::config::Config;

/// An RSA key of 1024 bits.
const WEAK: &str = include_str!("weak-rsa.pem");

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}

fn pkcs8(key: &SigningKey) -> Vec<u8> {
    key.with_pkcs8(<[u8]>::to_vec).unwrap()
}

/// Returns a new key of an algorithm, in PKCS#8.
fn new_key(algorithm: JwtAlgorithm) -> String {
    pem(
        "PRIVATE KEY",
        &pkcs8(&SigningKey::generate(algorithm).unwrap()),
    )
}

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.path().join(name);
        fs::write(&file, text).unwrap();
        file
    }
}

fn with(algorithm: JwtAlgorithm, key_files: &[PathBuf], next_key_files: &[PathBuf]) -> Settings {
    Settings {
        key_files: key_files.to_vec(),
        next_key_files: next_key_files.to_vec(),
        ..settings(algorithm)
    }
}

const NONE: [Option<&str>; 3] = [None, None, None];

#[test]
fn the_first_key_of_a_file_signs_and_all_are_published() {
    let files = Files::new();
    for algorithm in [
        JwtAlgorithm::Rs256,
        JwtAlgorithm::Es256,
        JwtAlgorithm::EdDsa,
    ] {
        let first = files.file("first.pem", &new_key(algorithm));
        let second = files.file("second.pem", &new_key(JwtAlgorithm::Es256));
        let next = files.file("next.pem", &new_key(algorithm));
        let before = signer(
            &with(
                algorithm,
                &[first.clone(), second],
                std::slice::from_ref(&next),
            ),
            NONE,
        );
        let jwt = signed(&before, NOW);
        assert_eq!(part(&jwt, 0)["alg"], algorithm.name());
        let keys = published(&before, NOW);
        assert_eq!(keys.len(), 3);
        assert_eq!(keys[0]["kid"], kid(&jwt));
        assert!(fits(&jwt, &keys));
        let after = signer(&with(algorithm, &[next, first], &[]), NONE);
        let later = signed(&after, NOW);
        assert_eq!(keys[2]["kid"], kid(&later));
        assert!(fits(&later, &keys) && fits(&jwt, &published(&after, NOW)));
        let private = ["d", "p", "q", "dp", "dq", "qi", "k"];
        let members = keys.iter().flat_map(|key| key.as_object().unwrap().keys());
        assert!(
            members
                .into_iter()
                .all(|name| !private.contains(&name.as_str()))
        );
    }
}

#[test]
fn keys_are_read_in_every_form_that_openssl_writes() {
    let rsa = SigningKey::generate(JwtAlgorithm::Rs256).unwrap();
    // The PKCS#1 form follows 26 bytes of PKCS#8.
    let pkcs1 = pem("RSA PRIVATE KEY", &pkcs8(&rsa)[26..]);
    let ec = aws_lc_rs::signature::EcdsaKeyPair::generate(
        &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
    );
    let ec = ec.unwrap();
    let sec1: aws_lc_rs::encoding::EcPrivateKeyRfc5915Der<'_> =
        aws_lc_rs::encoding::AsDer::as_der(&ec.private_key()).unwrap();
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let sec1 = format!("{parameters}{}", pem("EC PRIVATE KEY", sec1.as_ref()));
    let files = Files::new();
    for (algorithm, text) in [(JwtAlgorithm::Rs256, pkcs1), (JwtAlgorithm::Es256, sec1)] {
        let file = files.file("key.pem", &text);
        let jwts = signer(&with(algorithm, &[file], &[]), NONE);
        assert!(fits(&signed(&jwts, NOW), &published(&jwts, NOW)));
    }
}

#[test]
fn a_next_key_may_be_the_public_half() {
    use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
    use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};

    let files = Files::new();
    let signing = files.file("signing.pem", &new_key(JwtAlgorithm::Es256));
    for algorithm in [
        JwtAlgorithm::Rs256,
        JwtAlgorithm::Es256,
        JwtAlgorithm::EdDsa,
    ] {
        let key = SigningKey::generate(algorithm).unwrap();
        let der = pkcs8(&key);
        let public: PublicKeyX509Der<'_> = match algorithm {
            JwtAlgorithm::Rs256 => RsaKeyPair::from_pkcs8(&der).unwrap().public_key().as_der(),
            JwtAlgorithm::Es256 => {
                let algorithm = &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                EcdsaKeyPair::from_pkcs8(algorithm, &der)
                    .unwrap()
                    .public_key()
                    .as_der()
            }
            JwtAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(&der)
                .unwrap()
                .public_key()
                .as_der(),
        }
        .unwrap();
        let next = files.file("public.pem", &pem("PUBLIC KEY", public.as_ref()));
        let jwts = signer(
            &with(JwtAlgorithm::Es256, std::slice::from_ref(&signing), &[next]),
            NONE,
        );
        assert_eq!(&published(&jwts, NOW)[1], key.public().jwk());
    }
}

#[test]
fn made_keys_and_keys_of_files_are_exchanged_without_an_unknown_key() {
    let files = Files::new();
    let file = files.file("key.pem", &new_key(JwtAlgorithm::Rs256));
    let only = [Some(SECRET), None, None];
    let made = signer(
        &with(JwtAlgorithm::EdDsa, &[], std::slice::from_ref(&file)),
        only,
    );
    let both = Settings {
        also_publish: vec![JwtAlgorithm::EdDsa],
        ..with(JwtAlgorithm::Rs256, &[file], &[])
    };
    let both = signer(&both, only);
    for (signs, publishes) in [(&made, &both), (&both, &made)] {
        assert!(fits(&signed(signs, NOW), &published(publishes, NOW)));
    }
}

#[test]
fn a_file_without_a_usable_key_is_refused_in_one_line_that_names_it() {
    let files = Files::new();
    let key = new_key(JwtAlgorithm::Es256);
    let locked = pem("ENCRYPTED PRIVATE KEY", b"x");
    for (text, reason) in [
        (
            WEAK,
            "the RSA key is too short, expected one of 2048 to 8192 bits",
        ),
        (
            &key,
            "expected a key of jwt.algorithm, RS256: this key signs",
        ),
        ("", "expected a private key in PEM, without a password"),
        (&locked, "expected a private key in PEM, without a password"),
        (
            "-----BEGIN PRIVATE KEY-----\nMarked!\n-----END PRIVATE KEY-----\n",
            "is not PEM, expected a private key",
        ),
        (
            &pem("PRIVATE KEY", b"x"),
            "expected a key of RSA, of the curve P-256, or Ed25519",
        ),
    ] {
        let file = files.file("key.pem", text);
        let refused = KeyFiles::read(&with(JwtAlgorithm::Rs256, std::slice::from_ref(&file), &[]));
        let refused = refused.err().unwrap().to_string();
        assert_eq!(
            refused,
            format!("jwt.key_files: {}: {reason}", file.display())
        );
    }
    let missing = files.0.path().join("missing.pem");
    let refused = KeyFiles::read(&with(
        JwtAlgorithm::Rs256,
        &[],
        std::slice::from_ref(&missing),
    ));
    let refused = refused.err().unwrap().to_string();
    let named = format!("jwt.next_key_files: {}: ", missing.display());
    assert!(refused.starts_with(&named), "{refused}");
}

#[test]
fn files_are_relative_to_their_configuration_and_compared_by_their_contents() {
    let files = Files::new();
    let key = files.file("key.pem", &new_key(JwtAlgorithm::Es256));
    let text = "[jwt]\nenabled = true\nissuer = 'i'\naudience = 'a'\nalgorithm = 'ES256'\nkey_files = ['key.pem']\n";
    let configuration = files.file("isogloss.toml", text);
    let load = || {
        Config::load(std::slice::from_ref(&configuration))
            .unwrap()
            .sections
    };
    let before = load();
    assert_eq!(before.jwt.key_files, [key]);
    let digests = before.file_digests();
    assert!(digests.difference(&load().file_digests()).is_empty());
    files.file("key.pem", &new_key(JwtAlgorithm::Es256));
    assert_eq!(
        digests.difference(&load().file_digests()),
        ["jwt.key_files"]
    );
}
