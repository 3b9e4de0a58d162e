//! A check whether a text that is a whole credential can be guessed.

use zxcvbn::zxcvbn;

/// The guesses that a card code or an application key must withstand: 2^48, as a decimal logarithm. With a
/// million cards, each of which has a right code, that leaves 2^28 guesses for each hit.
const LEAST_GUESSES_LOG10: f64 = 14.45;
/// The number of characters that are examined: enough for any verdict, and little work.
const LOOKED_AT: usize = 64;

/// Returns `true` if fewer than 2^48 guesses find the text, by what people choose: words, names, dates, keyboard
/// patterns, repetitions. Fifteen random characters withstand more.
pub fn is_guessable(text: &str) -> bool {
    let start: String = text.chars().take(LOOKED_AT).collect();
    zxcvbn(&start, &[]).guesses_log10() < LEAST_GUESSES_LOG10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_choose_can_be_guessed() {
        for text in [
            "",
            "abc",
            "90210",
            "open-sesame",
            "demo-api-key",
            "0000000000000000000000000000",
            "1234567890123456",
            "abcabcabcabcabcabcabcabc",
            "passwordpassword",
            "83619274016",
        ] {
            assert!(is_guessable(text), "{text}");
        }
    }

    #[test]
    fn what_is_random_cannot_be_guessed() {
        for text in [
            "CCD4537CA4AD4EE8912FFBAE53110601",
            "6C12345D-9B0C-4F3C-23AB-B5721D098F7B",
            "mzxw6ytboi4dcnzqgqydsmzrgiza2ltbmfqwcylb",
            "q8ZpL0wXv3RtY7sK",
        ] {
            assert!(!is_guessable(text), "{text}");
        }
    }
}
