//! What is done to a connection because of what its client sends.

use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::Connection;

/// Applies to whichever connection a text is sent on, once.
#[derive(Debug)]
struct Rule {
    text: Vec<u8>,
    /// How many times it is sent before.
    before: usize,
    act: fn(&Connection),
    applied: oneshot::Sender<Connection>,
}

/// The rules that still wait for their text.
#[derive(Debug, Default)]
pub(super) struct Rules(Mutex<Vec<Rule>>);

impl Rules {
    pub(super) fn add(
        &self,
        text: &str,
        before: usize,
        act: fn(&Connection),
    ) -> oneshot::Receiver<Connection> {
        let (applied, is_applied) = oneshot::channel();
        self.lock().push(Rule {
            text: text.into(),
            before,
            act,
            applied,
        });
        is_applied
    }

    /// Counts the texts of the rules in this chunk. If the text of a rule has now been sent as often as the rule
    /// requires, calls the rule's function, sends the connection to the waiting test, and removes the rule. Then adds
    /// the chunk to `sent`.
    pub(super) fn apply(&self, connection: &Connection, sent: &mut Sent, chunk: &[u8]) {
        let mut rules = self.lock();
        for mut rule in take(&mut *rules) {
            let times = sent.times(&rule.text, chunk);
            if times <= rule.before {
                rule.before -= times;
                rules.push(rule);
                continue;
            }
            (rule.act)(connection);
            // The test may not ask.
            drop(rule.applied.send(connection.clone()));
        }
        drop(rules);
        sent.follow_with(chunk);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of what a client has sent so far: a text may come in two pieces.
#[derive(Default)]
pub(super) struct Sent(Vec<u8>);

impl Sent {
    /// More than a text has.
    const KEPT: usize = 1024;

    /// Returns how many times a text is complete with this chunk and was not before.
    fn times(&self, text: &[u8], chunk: &[u8]) -> usize {
        let before = self.0.len().min(text.len() - 1);
        let bytes = [&self.0[self.0.len() - before..], chunk].concat();
        bytes
            .windows(text.len())
            .filter(|part| *part == text)
            .count()
    }

    fn follow_with(&mut self, chunk: &[u8]) {
        self.0.extend_from_slice(chunk);
        let old = self.0.len().saturating_sub(Self::KEPT);
        self.0.drain(..old);
    }
}
