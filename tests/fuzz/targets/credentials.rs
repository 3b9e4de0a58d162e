//! Texts that clients send for tokens, keys and codes.
#![no_main]

use std::sync::LazyLock;

use isogloss_core::directory::KeyDigest;
use isogloss_core::{Realm, RecoveryCode, Token, TotpSecret};
use libfuzzer_sys::fuzz_target;
use time::OffsetDateTime;

const REALM: Realm = Realm::new("fuzzed");
static SECRET: LazyLock<Option<TotpSecret>> =
    LazyLock::new(|| TotpSecret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));

fuzz_target!(|text: &str| {
    let guid = |text: &str| Token::from_guid(REALM, text).map(|token| token.hex());
    // The bits of a token are its digits, and no two tokens are spelt alike.
    if let Some(digits) = guid(text) {
        let plain = text.replace('-', "").to_lowercase();
        assert_eq!(digits, plain);
        assert!(text.len() == 32 || text.len() == 36);
        assert_eq!(guid(&digits.to_uppercase()), Some(digits.clone()));
        assert_eq!(KeyDigest::of(text), KeyDigest::of(&digits));
    }
    if let Some(spelt) = isogloss_crmcom::fuzzing::token(text) {
        assert_eq!(spelt, text);
    }
    if let Some((number, digits)) = isogloss_memsource::fuzzing::token(text) {
        let spelt = format!("{number}-{digits}");
        assert_eq!(
            isogloss_memsource::fuzzing::token(&spelt),
            Some((number, digits))
        );
    }

    // The digest of a key is a text of its own.
    let digest = KeyDigest::of(text);
    assert_eq!(KeyDigest::from_hex(&digest.hex()), Some(digest));

    // RFC 6238's code of 59 s.
    let now = OffsetDateTime::from_unix_timestamp(59).unwrap();
    let accepted = SECRET
        .as_ref()
        .is_some_and(|secret| secret.step(text, now).is_some());
    if accepted {
        let code = text.trim();
        assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()));
    }
    // A recovery code is one however it is spelt.
    if let Some(code) = RecoveryCode::parse(text) {
        let shown = RecoveryCode::parse(&code.expose());
        assert_eq!(shown.map(|shown| shown.digest()), Some(code.digest()));
    }
    // A secret as it is kept is the same secret.
    if let Some(secret) = TotpSecret::from_base32(text) {
        let kept = TotpSecret::from_base32(secret.expose());
        assert_eq!(kept.as_ref().map(TotpSecret::expose), Some(secret.expose()));
    }
});
