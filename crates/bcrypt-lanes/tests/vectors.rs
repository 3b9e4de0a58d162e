//! Published test vectors, with their sources.

use isogloss_bcrypt_lanes::{Check, verify, verify_all};

/// Vectors up to cost 8 of `TestBCrypt.java` of jBCrypt 0.4, <https://github.com/djmdjm/jBCrypt>.
const JBCRYPT: [(&str, &str); 10] = [
    (
        "",
        "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
    ),
    (
        "",
        "$2a$08$HqWuK6/Ng6sg9gQzbLrgb.Tl.ZHfXLhvt/SgVyWhQqgqcZ7ZuUtye",
    ),
    (
        "a",
        "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
    ),
    (
        "a",
        "$2a$08$cfcvVd2aQ8CMvoMpP2EBfeodLEkkFJ9umNEfPD18.hUF62qqlC/V.",
    ),
    (
        "abc",
        "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
    ),
    (
        "abc",
        "$2a$08$Ro0CUfOqk6cXEKf3dyaM7OhSCvnwM9s4wIX9JeLapehKK5YdLxKcm",
    ),
    (
        "abcdefghijklmnopqrstuvwxyz",
        "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC",
    ),
    (
        "abcdefghijklmnopqrstuvwxyz",
        "$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.",
    ),
    (
        "~!@#$%^&*()      ~!@#$%^&*()PNBFRD",
        "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO",
    ),
    (
        "~!@#$%^&*()      ~!@#$%^&*()PNBFRD",
        "$2a$08$Eq2r4G/76Wv39MzSX262huzPz612MZiYHVUJe/OcOql2jo4.9UxTW",
    ),
];

/// Vectors of `wrapper.c` of `crypt_blowfish` 1.3, <https://www.openwall.com/crypt/>, whose prefixes have only one
/// meaning.
const CRYPT_BLOWFISH: [(&[u8], &str); 10] = [
    (
        b"U*U",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ),
    (
        b"U*U*",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
    ),
    (
        b"U*U*U",
        "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
    ),
    (
        b"",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy",
    ),
    (
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\
        chars after 72 are ignored",
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    ),
    (
        &[0xaa; 73],
        "$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6",
    ),
    (
        b"\xa3",
        "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq",
    ),
    (
        b"\xff\xff\xa3",
        "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
    ),
    (
        b"\xff\xa334\xff\xff\xff\xa3345",
        "$2y$05$/OK.fbVrR/bpIqNJ5ianF.o./n25XVfn6oAPaUvHe.Csk4zRfsYPi",
    ),
    (
        b"\xff\xa3345",
        "$2y$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e",
    ),
];

/// The first vectors with OpenBSD's own prefix of `tests/test_bcrypt.py`, <https://github.com/pyca/bcrypt>.
const OPENBSD: [(&str, &str); 7] = [
    (
        "Kk4DQuMMfZL9o",
        "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm",
    ),
    (
        "9IeRXmnGxMYbs",
        "$2b$04$pQ7gRO7e6wx/936oXhNjrOUNOHL1D0h1N2IDbJZYs.1ppzSof6SPy",
    ),
    (
        "xVQVbwa1S0M8r",
        "$2b$04$SQe9knOzepOVKoYXo9xTteNYr6MBwVz4tpriJVe3PNgYufGIsgKcW",
    ),
    (
        "Zfgr26LWd22Za",
        "$2b$04$eH8zX.q5Q.j2hO1NkVYJQOM6KxntS/ow3.YzVmFrE4t//CoF4fvne",
    ),
    (
        "Tg4daC27epFBE",
        "$2b$04$ahiTdwRXpUG2JLRcIznxc.s1.ydaPGD372bsGs8NqyYjLY1inG5n2",
    ),
    (
        "xhQPMmwh5ALzW",
        "$2b$04$nQn78dV0hGHf5wUBe0zOFu8n07ZbWWOKoGasZKRspZxtt.vBRNMIy",
    ),
    (
        "59je8h5Gj71tg",
        "$2b$04$cvXudZ5ugTg95W.rOjMITuM1jC0piCl3zF5cmGhzCibHZrNHkmckG",
    ),
];

/// Vectors of `wrapper.c` of `crypt_blowfish` for hashes that were made with the sign-extension bug (`$2x$`).
const SIGNED: [(&[u8], &str); 3] = [
    (
        b"\xa3",
        "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
    ),
    (
        b"1\xa3345",
        "$2x$05$/OK.fbVrR/bpIqNJ5ianF.o./n25XVfn6oAPaUvHe.Csk4zRfsYPi",
    ),
    (
        b"\xd1\x91",
        "$2x$05$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS",
    ),
];

#[test]
fn what_others_hashed_fits() {
    let strings = JBCRYPT.iter().chain(&OPENBSD);
    let strings = strings.map(|(password, hash)| (password.as_bytes(), *hash));
    let vectors: Vec<_> = strings.chain(CRYPT_BLOWFISH).collect();
    let checks = vectors
        .iter()
        .map(|(password, hash)| Check { password, hash });
    let checks: Vec<_> = checks.collect();
    for (check, answer) in checks.iter().zip(verify_all(&checks)) {
        assert_eq!(answer, Ok(true), "{}", check.hash);
        assert_eq!(verify([*check]), [Ok(true)], "{}", check.hash);
    }
}

#[test]
fn nothing_else_fits_what_others_hashed() {
    let hashes = OPENBSD.iter().map(|(_, hash)| *hash);
    let passwords = OPENBSD
        .iter()
        .skip(1)
        .map(|(password, _)| password.as_bytes());
    let checks: Vec<_> = hashes
        .zip(passwords)
        .map(|(hash, password)| Check { password, hash })
        .collect();
    assert_eq!(verify_all(&checks), vec![Ok(false); 6]);
}

/// The bug affects only how the key is derived from the password. The 72 bytes of that key, used as a password,
/// match the hash.
#[test]
fn the_mistake_of_2x_is_left_to_those_who_make_it() {
    for (password, hash) in SIGNED {
        assert_eq!(verify([Check { password, hash }]), [Ok(false)], "{hash}");
        let password = &signed_key(password);
        assert_eq!(verify([Check { password, hash }]), [Ok(true)], "{hash}");
    }
}

/// Returns the 18 words, as bytes, that an implementation with the bug derives from a password and its NUL.
fn signed_key(password: &[u8]) -> Vec<u8> {
    let bytes: Vec<_> = password.iter().chain(&[0]).copied().collect();
    let mut bytes = bytes.iter().cycle();
    let words = std::iter::repeat_with(|| {
        bytes.by_ref().take(4).fold(0, |word: u32, byte| {
            (word << 8) | i32::from(byte.cast_signed()).cast_unsigned()
        })
    });
    words.take(18).flat_map(u32::to_be_bytes).collect()
}
