//! A secret, and every way of writing it down that would give it away.

use uuid::Uuid;

/// What must turn up nowhere.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Names it in the message of a test.
    pub what: String,
    /// Each longer than chance would bring.
    spellings: Vec<LowercaseBytes>,
}

/// Bytes to search, or to search for, in lower case (ASCII).
#[derive(Debug, Clone)]
pub struct LowercaseBytes(String);

impl LowercaseBytes {
    /// Returns the bytes of a log or a file, in which to search for secrets.
    pub fn new(bytes: impl AsRef<[u8]>) -> Self {
        // A character for each byte: searching text is fast even in a debug build.
        Self(
            bytes
                .as_ref()
                .to_ascii_lowercase()
                .into_iter()
                .map(char::from)
                .collect(),
        )
    }
}

impl Secret {
    /// Returns a secret text of letters and digits. Its spellings are its two halves, each as it is, in
    /// hexadecimal, and as a list of bytes.
    pub fn text(what: impl Into<String>, text: &str) -> Self {
        let (first, second) = text.as_bytes().split_at(text.len() / 2);
        let spellings = [first, second].into_iter().flat_map(|half| {
            let hex: Vec<_> = half.iter().map(|byte| format!("{byte:02x}")).collect();
            [
                LowercaseBytes::new(half),
                LowercaseBytes::new(hex.concat()),
                LowercaseBytes::new(listed(half)),
            ]
        });
        Self {
            what: what.into(),
            spellings: spellings.collect(),
        }
    }

    /// Returns a secret token, or a text that ends in one. Its spellings are its digits, these as a list of
    /// bytes and with dashes, its bytes, and these as a list.
    pub fn token(what: impl Into<String>, text: &str) -> Self {
        let digits = &text[text.len().saturating_sub(32)..];
        let mut spellings = vec![
            LowercaseBytes::new(digits),
            LowercaseBytes::new(listed(digits.as_bytes())),
        ];
        if let Ok(bits) = Uuid::try_parse(digits) {
            spellings.push(LowercaseBytes::new(bits.hyphenated().to_string()));
            spellings.push(LowercaseBytes::new(bits.as_bytes()));
            spellings.push(LowercaseBytes::new(listed(bits.as_bytes())));
        }
        Self {
            what: what.into(),
            spellings,
        }
    }

    /// Returns whether any spelling of the secret is in `searched`.
    pub fn is_in(&self, searched: &LowercaseBytes) -> bool {
        self.spellings
            .iter()
            .any(|spelling| searched.0.contains(&spelling.0))
    }
}

/// Returns bytes as `Debug` writes them.
fn listed(bytes: &[u8]) -> String {
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    numbers.join(", ")
}

#[test]
fn every_spelling_is_found() {
    let token = Secret::token("token", "30-35eb2b5e94b54d5aafa6b6a7b6e8de01");
    let raw = b"\x35\xeb\x2b\x5e\x94\xb5\x4d\x5a\xaf\xa6\xb6\xa7\xb6\xe8\xde\x01";
    let texts: [&[u8]; 6] = [
        b"x 35eb2b5e94b54d5aafa6b6a7b6e8de01",
        b"35EB2B5E94B54D5AAFA6B6A7B6E8DE01 x",
        b"35EB2B5E-94b5-4d5a-afa6-b6a7b6e8de01",
        &[b"x", raw.as_slice(), b"x"].concat(),
        b"[53, 235, 43, 94, 148, 181, 77, 90, 175, 166, 182, 167, 182, 232, 222, 1]",
        b"51, 53, 101, 98, 50, 98, 53, 101, 57, 52, 98, 53, 52, 100, 53, 97, 97, 102, 97, 54, 98, 54, 97, 55, 98, 54, 101, 56, 100, 101, 48, 49",
    ];
    for searched in texts {
        assert!(
            token.is_in(&LowercaseBytes::new(searched)),
            "{}",
            String::from_utf8_lossy(searched)
        );
    }
    let password = Secret::text("password", "Kq7RightPasswordXv9");
    for searched in [
        "..Kq7RightPasswordXv9..",
        "kq7rightp",
        "ASSWORDXV9",
        "4b7137526967687450",
        "97, 115, 115, 119, 111, 114, 100, 88, 118, 57",
    ] {
        assert!(password.is_in(&LowercaseBytes::new(searched)), "{searched}");
    }
    assert!(!password.is_in(&LowercaseBytes::new("password")));
    assert!(!token.is_in(&LowercaseBytes::new("35eb2b5e94b54d5aafa6b6a7b6e8de0")));
}
