//! A relay before a server that cuts a connection, or holds it up, at a command that a test names.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;

use tokio::sync::oneshot;

/// Passes everything on, until a command comes that it is to do something about.
pub(super) struct Relay {
    pub(super) port: u16,
    rules: Arc<Mutex<Vec<Rule>>>,
}

/// What happens to the command that contains a text, if so many that do have come before.
struct Rule {
    text: &'static str,
    before: usize,
    act: Act,
}

enum Act {
    /// It is executed, and the connection is cut before the answer.
    Cut,
    /// It is not passed on before the test says so.
    Hold {
        reached: oneshot::Sender<()>,
        go: mpsc::Receiver<()>,
    },
}

/// A command that is held up, now or later. It goes on when this is dropped.
pub(super) struct Held {
    reached: oneshot::Receiver<()>,
    _go: mpsc::Sender<()>,
}

impl Held {
    /// Waits until the command has come.
    pub(super) async fn reached(&mut self) {
        (&mut self.reached).await.unwrap();
    }
}

impl Relay {
    pub(super) fn before(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let rules = Arc::<Mutex<Vec<Rule>>>::default();
        let ours = Arc::clone(&rules);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).unwrap();
                let rules = Arc::clone(&ours);
                thread::spawn(move || pass_on(client, server, &rules));
            }
        });
        Self { port, rules }
    }

    /// Cuts the connection on which a command with this text comes next, once.
    pub(super) fn cut(&self, text: &'static str) {
        self.cut_after(text, 0);
    }

    /// Cuts the connection on which such a command comes after so many others, once.
    pub(super) fn cut_after(&self, text: &'static str, before: usize) {
        self.add(text, before, Act::Cut);
    }

    /// Holds up such a command that comes after so many others, once.
    pub(super) fn hold_after(&self, text: &'static str, before: usize) -> Held {
        let (reached, is_reached) = oneshot::channel();
        let (go, goes) = mpsc::channel();
        self.add(text, before, Act::Hold { reached, go: goes });
        Held {
            reached: is_reached,
            _go: go,
        }
    }

    /// Whether everything that was to be done has been done.
    pub(super) fn is_done(&self) -> bool {
        self.rules.lock().unwrap().is_empty()
    }

    fn add(&self, text: &'static str, before: usize, act: Act) {
        let rule = Rule { text, before, act };
        self.rules.lock().unwrap().push(rule);
    }
}

/// Takes out the rule that is for this command.
fn due(rules: &Mutex<Vec<Rule>>, command: &str) -> Option<Act> {
    let mut rules = rules.lock().unwrap();
    let mut due = None;
    for (index, rule) in rules.iter_mut().enumerate() {
        match rule.before.checked_sub(command.matches(rule.text).count()) {
            Some(before) => rule.before = before,
            None => due = due.or(Some(index)),
        }
    }
    due.map(|index| rules.remove(index).act)
}

fn pass_on(mut client: TcpStream, mut server: TcpStream, rules: &Mutex<Vec<Rule>>) {
    let mut bytes = vec![0; 65536];
    while let Ok(length) = client.read(&mut bytes)
        && length > 0
    {
        let act = due(rules, &String::from_utf8_lossy(&bytes[..length]));
        let is_cut = matches!(act, Some(Act::Cut));
        if let Some(Act::Hold { reached, go }) = act {
            // The test may have ended.
            let _ = reached.send(());
            // Fails when the test lets it go.
            let _ = go.recv();
        }
        let sent = server.write_all(&bytes[..length]);
        // One reply, small enough to come in one piece.
        let Ok(length) = server.read(&mut bytes) else {
            break;
        };
        if is_cut || sent.is_err() || client.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    drop(client.shutdown(Shutdown::Both));
}
