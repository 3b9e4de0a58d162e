//! Password hashes of an import, and a password that may match.
#![no_main]

use isogloss_password::fuzzing::verify;
use libfuzzer_sys::fuzz_target;

/// No message is longer than its longest words and a number.
const LONGEST_MESSAGE: usize = 120;

fuzz_target!(|text: &str| {
    let (hash, password) = text.split_once('\n').unwrap_or((text, "password"));
    match verify(hash, password) {
        // It quotes nothing of the hash, however long that is.
        Err(error) => assert!(error.to_string().len() < LONGEST_MESSAGE, "{error}"),
        // The result is the same each time, and differs for two passwords: the last character counts. (That
        // passwords collide is the mistake of 2x.)
        Ok(Some(true)) => {
            assert_eq!(verify(hash, password), Ok(Some(true)));
            let longer = verify(hash, &format!("{password}x"));
            assert!(longer != Ok(Some(true)) || hash.contains("$2x$"), "{hash}");
        }
        Ok(_) => {}
    }
});
