//! The sessions of the console, in the memory of this process.

use std::collections::HashMap;
use std::time::Duration;

use data_encoding::HEXLOWER;
use isogloss_core::directory::KeyDigest;
use parking_lot::Mutex;
use ring::digest::{SHA256, digest};
use time::OffsetDateTime;

/// The maximum number of sessions. With one more, the one that was idle for the longest time ends.
const MOST: usize = 1_000;
/// How long a session lasts at most, however much it is used.
const LONGEST: time::Duration = time::Duration::hours(12);
/// Length of identifiers of sessions and of their tokens in forms: 256 bits.
const RANDOM_BYTES: usize = 32;

/// The sessions of the console.
pub(super) struct ConsoleSessions {
    idle: time::Duration,
    by_digest: Mutex<HashMap<[u8; 32], Entry>>,
}

struct Entry {
    session: ConsoleSession,
    began_at: OffsetDateTime,
    used_at: OffsetDateTime,
}

/// A session: the key that began it, and the secret of its forms.
#[derive(Clone)]
pub(super) struct ConsoleSession {
    /// The digest by which the directory finds the key.
    pub(super) key: KeyDigest,
    /// The token that each form has, so that no other page can send one.
    pub(super) form_token: String,
}

impl ConsoleSession {
    /// Returns whether a form has the token of this session.
    pub(super) fn has_form_token(&self, sent: &str) -> bool {
        // The digests are compared: the time that this takes tells nothing about the token.
        hashed(sent) == hashed(&self.form_token)
    }
}

impl ConsoleSessions {
    /// Returns no sessions. Each ends when it was idle for this long.
    pub(super) fn new(idle: Duration) -> Self {
        Self {
            idle: idle.try_into().unwrap_or(LONGEST),
            by_digest: Mutex::default(),
        }
    }

    /// Begins a session of a key, and returns its identifier.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(super) fn begin(
        &self,
        key: KeyDigest,
        now: OffsetDateTime,
    ) -> Result<String, getrandom::Error> {
        let (id, form_token) = (random()?, random()?);
        let session = ConsoleSession { key, form_token };
        let mut sessions = self.by_digest.lock();
        sessions.retain(|_, entry| self.is_live(entry, now));
        if sessions.len() >= MOST {
            let oldest = sessions.iter().min_by_key(|(_, entry)| entry.used_at);
            let oldest = oldest.map(|(digest, _)| *digest);
            oldest.map(|digest| sessions.remove(&digest));
        }
        let entry = Entry {
            session,
            began_at: now,
            used_at: now,
        };
        sessions.insert(hashed(&id), entry);
        Ok(id)
    }

    /// Returns the session with that identifier, which is used now; `None` if there is none or it has ended.
    pub(super) fn find(&self, id: &str, now: OffsetDateTime) -> Option<ConsoleSession> {
        let digest = hashed(id);
        let mut sessions = self.by_digest.lock();
        let entry = sessions.get_mut(&digest)?;
        if !self.is_live(entry, now) {
            sessions.remove(&digest);
            return None;
        }
        entry.used_at = now;
        Some(entry.session.clone())
    }

    /// Ends a session.
    pub(super) fn end(&self, id: &str) {
        self.by_digest.lock().remove(&hashed(id));
    }

    fn is_live(&self, entry: &Entry, now: OffsetDateTime) -> bool {
        now - entry.used_at < self.idle && now - entry.began_at < LONGEST
    }
}

/// Returns a random text. Fails if the system has no random numbers.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(HEXLOWER.encode(&bytes))
}

fn hashed(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 09:00 UTC);
    const MINUTE: time::Duration = time::Duration::MINUTE;

    fn sessions() -> ConsoleSessions {
        ConsoleSessions::new(Duration::from_mins(30))
    }

    fn key() -> KeyDigest {
        KeyDigest::of("a key")
    }

    #[test]
    fn a_session_ends_when_it_was_idle_for_long() {
        let sessions = sessions();
        let id = sessions.begin(key(), NOW).unwrap();
        assert!(sessions.find(&id, NOW + 29 * MINUTE).is_some());
        assert!(sessions.find(&id, NOW + 58 * MINUTE).is_some());
        assert!(sessions.find(&id, NOW + 88 * MINUTE).is_none());
        assert!(
            sessions.find(&id, NOW + 58 * MINUTE).is_none(),
            "it is gone"
        );
    }

    #[test]
    fn a_session_that_is_used_all_the_time_ends_after_half_a_day() {
        let sessions = sessions();
        let id = sessions.begin(key(), NOW).unwrap();
        let mut lasted = 0;
        while sessions.find(&id, NOW + lasted * MINUTE).is_some() {
            lasted += 10;
        }
        assert_eq!(lasted, 12 * 60);
    }

    #[test]
    fn a_session_that_was_signed_out_is_gone_and_others_stay() {
        let sessions = sessions();
        let (one, other) = (sessions.begin(key(), NOW), sessions.begin(key(), NOW));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_ne!(one, other);
        sessions.end(&one);
        assert!(sessions.find(&one, NOW).is_none());
        assert!(sessions.find(&other, NOW).is_some());
    }

    #[test]
    fn only_the_token_of_the_session_is_accepted_in_its_forms() {
        let sessions = sessions();
        let (one, other) = (sessions.begin(key(), NOW), sessions.begin(key(), NOW));
        let one = sessions.find(&one.unwrap(), NOW).unwrap();
        let other = sessions.find(&other.unwrap(), NOW).unwrap();
        assert!(one.has_form_token(&one.form_token));
        assert!(!one.has_form_token(&other.form_token));
        assert!(!one.has_form_token(""));
    }

    #[test]
    fn the_number_of_sessions_is_bounded_and_the_longest_idle_one_ends_first() {
        let sessions = sessions();
        let first = sessions.begin(key(), NOW).unwrap();
        let second = sessions.begin(key(), NOW + time::Duration::SECOND).unwrap();
        let later = NOW + MINUTE;
        assert!(sessions.find(&first, later).is_some());
        for _ in 2..=MOST {
            sessions.begin(key(), later).unwrap();
        }
        assert_eq!(sessions.by_digest.lock().len(), MOST);
        assert!(sessions.find(&first, later).is_some());
        assert!(sessions.find(&second, later).is_none());
    }
}
