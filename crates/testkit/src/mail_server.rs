//! A mail server of the test's own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::{Error, Result};

const PATIENCE: Duration = Duration::from_secs(30);

/// A mail server that takes every e-mail and keeps it, on loopback and without TLS.
#[derive(Debug)]
pub struct MailServer {
    address: SocketAddr,
    taken: Arc<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    emails: Mutex<Vec<String>>,
    came: Condvar,
}

impl MailServer {
    /// Starts a mail server at a free port of a host: `127.0.0.1` or `[::1]`.
    ///
    /// # Errors
    /// If the host has no free port.
    pub fn start(host: &str) -> Result<Self> {
        Self::on(TcpListener::bind(format!("{host}:0"))?)
    }

    /// Starts a mail server on a listener. It also serves clients that have connected before.
    ///
    /// # Errors
    /// If the listener cannot be used.
    pub fn on(listener: TcpListener) -> Result<Self> {
        let address = listener.local_addr()?;
        let taken = Arc::<Taken>::default();
        let server = Arc::clone(&taken);
        thread::spawn(move || {
            for client in listener.incoming().map_while(std::result::Result::ok) {
                let taken = Arc::clone(&server);
                // A client that goes away in the middle of an e-mail has sent none.
                thread::spawn(move || drop(taken.serve(&client)));
            }
        });
        Ok(Self { address, taken })
    }

    /// Returns the address of the server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns all e-mails so far, the oldest first.
    pub fn emails(&self) -> Vec<String> {
        self.taken.lock().clone()
    }

    /// Waits until there are `count` e-mails, and returns all.
    ///
    /// # Errors
    /// If there are fewer after 30 seconds.
    pub fn wait_for(&self, count: usize) -> Result<Vec<String>> {
        if self.comes(count, PATIENCE) {
            return Ok(self.emails());
        }
        let came = self.emails().len();
        Err(Error::new(format!("{came} of {count} e-mails in 30 s")))
    }

    /// Waits up to `patience` for `count` e-mails. Returns whether there are that many.
    pub fn comes(&self, count: usize, patience: Duration) -> bool {
        let few = |emails: &mut Vec<String>| emails.len() < count;
        let taken = self.taken.lock();
        let waited = self.taken.came.wait_timeout_while(taken, patience, few);
        let (emails, _) = waited.unwrap_or_else(PoisonError::into_inner);
        emails.len() >= count
    }
}

impl Taken {
    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.emails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, client: &TcpStream) -> std::io::Result<()> {
        let mut writer = client;
        let mut lines = BufReader::new(client).lines();
        let mut answer = |line: &str| writer.write_all(format!("{line}\r\n").as_bytes());
        answer("220 test")?;
        while let Some(line) = lines.next().transpose()? {
            match line.get(..4).unwrap_or_default().to_uppercase().as_str() {
                "EHLO" | "HELO" => answer("250 test")?,
                "DATA" => {
                    answer("354 go on")?;
                    let mut email = Vec::new();
                    loop {
                        match lines.next().transpose()? {
                            None => return Ok(()),
                            Some(line) if line == "." => break,
                            Some(line) => email.push(line),
                        }
                    }
                    self.lock().push(email.join("\n"));
                    self.came.notify_all();
                    answer("250 taken")?;
                }
                "QUIT" => return answer("221 bye"),
                _ => answer("250 fine")?,
            }
        }
        Ok(())
    }
}
