//! Removes members from a JSON object without changing the rest of its text.

/// Returns the text of a JSON object without its top-level members whose names are tokens, or `None` if there is none. The
/// object may be cut off; text that is no JSON object has no members.
pub(super) fn without_members(text: &[u8], is_token: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
    let mut start = text;
    while let Some(rest) = start.strip_prefix(b"\xef\xbb\xbf") {
        start = rest;
    }
    let at = text.len() - start.len();
    let mut scanner = Scanner { text, at };
    scanner.expect(b'{')?;
    let mut members: Vec<Member> = Vec::new();
    while let Some(name) = scanner.name() {
        let from = name.from;
        let is_removed = is_token(&name.text);
        let is_last = scanner.value();
        members.push(Member {
            from,
            until: scanner.at,
            is_removed,
        });
        if is_last || scanner.expect(b',').is_none() {
            break;
        }
    }
    if !members.iter().any(|member| member.is_removed) {
        return None;
    }
    Some(written(text, &members))
}

/// A member from its name to the end of its value, without the comma behind it.
struct Member {
    from: usize,
    until: usize,
    is_removed: bool,
}

/// Returns the text without the removed members, and without one comma for each.
fn written(text: &[u8], members: &[Member]) -> Vec<u8> {
    let mut written = Vec::with_capacity(text.len());
    let (Some(first), Some(last)) = (members.first(), members.last()) else {
        return text.to_vec();
    };
    written.extend_from_slice(&text[..first.from]);
    let mut has_member = false;
    for (index, member) in members.iter().enumerate() {
        if member.is_removed {
            continue;
        }
        if has_member {
            // The comma and the white space before the member.
            let before = &members[index - 1];
            written.extend_from_slice(&text[before.until..member.from]);
        }
        written.extend_from_slice(&text[member.from..member.until]);
        has_member = true;
    }
    written.extend_from_slice(&text[last.until..]);
    written
}

/// A name of a member, decoded, and where it begins.
struct Name {
    text: String,
    from: usize,
}

/// Walks over the text of an object.
struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn skip_white_space(&mut self) {
        let rest = self.text[self.at..].iter();
        self.at += rest.take_while(|byte| byte.is_ascii_whitespace()).count();
    }

    /// Skips white space and that byte. Returns `None` if another one follows.
    fn expect(&mut self, byte: u8) -> Option<()> {
        self.skip_white_space();
        (self.text.get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    /// Skips a name and the colon behind it, and returns the name. `None` if no name follows.
    fn name(&mut self) -> Option<Name> {
        self.skip_white_space();
        let from = self.at;
        self.string()?;
        let text = serde_json::from_slice(&self.text[from..self.at]).ok()?;
        self.expect(b':')?;
        Some(Name { text, from })
    }

    /// Skips a string. Returns `None` if none follows, or if it has no end.
    fn string(&mut self) -> Option<()> {
        if self.text.get(self.at) != Some(&b'"') {
            return None;
        }
        self.at += 1;
        loop {
            match self.text.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    /// Skips a value and the comma behind it, and leaves `at` at the end of the value. Returns whether it is the last one.
    fn value(&mut self) -> bool {
        let mut depth = 0_usize;
        let mut end = self.at;
        loop {
            match self.text.get(self.at) {
                None => return true,
                Some(b'"') => {
                    if self.string().is_none() {
                        self.at = self.text.len();
                    }
                    end = self.at;
                    continue;
                }
                Some(b'{' | b'[') => depth += 1,
                Some(b'}' | b']') if depth == 0 => {
                    self.at = end;
                    return true;
                }
                Some(b'}' | b']') => depth -= 1,
                Some(b',') if depth == 0 => {
                    self.at = end;
                    return false;
                }
                Some(byte) if byte.is_ascii_whitespace() => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            self.at += 1;
            end = self.at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_tokens(text: &str) -> Option<String> {
        let changed = without_members(text.as_bytes(), |name| name == "token")?;
        Some(String::from_utf8(changed).unwrap())
    }

    #[test]
    fn members_are_removed_and_the_rest_stays_as_it_was() {
        for (text, expected) in [
            (r#"{"token":"1"}"#, r"{}"),
            (r#"{ "token" : "1" , "a": 1.10 }"#, r#"{ "a": 1.10 }"#),
            (
                r#"{"a":[1,{"token":2}], "token":{"x":"}"}}"#,
                r#"{"a":[1,{"token":2}]}"#,
            ),
            (
                r#"{"a":1,"token":"\"","b":2,"token":null,"c":3}"#,
                r#"{"a":1,"b":2,"c":3}"#,
            ),
            (r#"{"token":1,"b":"x,y"}"#, r#"{"b":"x,y"}"#),
            ("\u{feff}{\"token\":1}\n", "\u{feff}{}\n"),
        ] {
            assert_eq!(without_tokens(text).as_deref(), Some(expected), "{text}");
            let _: serde_json::Value =
                serde_json::from_str(expected.trim_start_matches('\u{feff}')).unwrap();
        }
    }

    #[test]
    fn text_without_such_a_member_is_not_changed() {
        for text in [
            "",
            "{",
            "{}",
            "[]",
            r#"{"a":{"token":1}}"#,
            r#"["token"]"#,
            r#"{"a":"token"}"#,
            r#"{"a\"#,
        ] {
            assert_eq!(without_tokens(text), None, "{text}");
        }
    }

    #[test]
    fn a_member_is_found_in_an_object_that_is_cut_off() {
        assert!(without_tokens(r#"{"token":"1","a":"xxx"#).is_some());
        assert!(without_tokens(r#"{"token":"1"#).is_some());
    }
}
