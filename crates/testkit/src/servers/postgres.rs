//! A PostgreSQL of the test's own, to be stopped, stalled and started again.

mod paused;
mod programs;

use std::fs::{self, File};
use std::io::{Error, Result};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use self::paused::Stalled;
pub(super) use self::paused::signal;
use self::programs::{Account, account, programs};
use super::free_port;

const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(20);

/// The gateway's role and its password.
const ROLE: &str = "isogloss";
const PASSWORD: &str = "pg-geheim-0815";

/// A `postgres` on a port of its own, in a folder of its own, careless about its disk. It is stopped
/// when this is dropped.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    folder: TempDir,
    programs: PathBuf,
    account: Option<Account>,
    databases: AtomicU16,
    child: Option<Child>,
}

impl Postgres {
    /// Starts a PostgreSQL, and waits until it responds. Fails, and does not skip the test, if PostgreSQL is
    /// not installed or does not respond within 30 seconds.
    pub fn start() -> Result<Self> {
        let account = account()?;
        let folder = TempDir::new()?;
        if let Some(Account { user, group }) = account {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let mut postgres = Self {
            port: free_port()?,
            folder,
            programs: programs()?,
            account,
            databases: AtomicU16::new(0),
            child: None,
        };
        let made = postgres
            .program("initdb")
            .args(["--username=postgres", "--auth-local=trust"])
            .args(["--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C"])
            .args(["--no-sync", "--pgdata=data"])
            .output()?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(Error::other(format!("initdb: {said}")));
        }
        postgres.start_again()?;
        postgres.sql(
            "postgres",
            &format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'"),
        )?;
        Ok(postgres)
    }

    /// Returns the server that all tests of a process share: it starts with the first test and ends with the
    /// last. Fails as [`start`](Self::start) does.
    pub fn shared() -> Result<Arc<Self>> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Ok(running);
        }
        let started = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&started);
        Ok(started)
    }

    /// Starts a standby that follows this server, and waits until it has all that is written so far. Fails as
    /// [`start`](Self::start) does.
    pub fn standby(&self) -> Result<Self> {
        let folder = TempDir::new()?;
        if let Some(Account { user, group }) = self.account {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let mut standby = Self {
            port: free_port()?,
            folder,
            programs: self.programs.clone(),
            account: self.account,
            databases: AtomicU16::new(0),
            child: None,
        };
        let copied = standby
            .program("pg_basebackup")
            .args([
                "--pgdata=data",
                "--write-recovery-conf",
                "--checkpoint=fast",
            ])
            .args(["--no-sync", "--username=postgres"])
            .arg(format!("--host={}", self.folder.path().display()))
            .arg(format!("--port={}", self.port))
            .output()?;
        if !copied.status.success() {
            let said = String::from_utf8_lossy(&copied.stderr).into_owned();
            return Err(Error::other(format!("pg_basebackup: {said}")));
        }
        standby.start_again()?;
        Ok(standby)
    }

    /// Creates an empty database, and returns its address. Fails if the server refuses that.
    pub fn new_database(&self) -> Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER {ROLE}"))?;
        Ok(format!(
            "postgres://{ROLE}:{PASSWORD}@127.0.0.1:{}/{name}",
            self.port
        ))
    }

    /// Runs SQL as the superuser, and returns the result: a line for each row, with `|` between the values. Fails if
    /// the server refuses a statement.
    pub fn sql(&self, database: &str, statements: &str) -> Result<String> {
        let output = self
            .program("psql")
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set=ON_ERROR_STOP=1", "--username=postgres"])
            .arg(format!("--host={}", self.folder.path().display()))
            .arg(format!("--port={}", self.port))
            .args(["--dbname", database, "--command", statements])
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::other(format!("psql: {said}")));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Stops the server as an operator does, which closes its connections and keeps the data. Fails if the server
    /// cannot be signalled, or does not end within 30 seconds.
    pub fn stop(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        signal("-INT", &child.id().to_string())?;
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                child.kill()?;
                child.wait()?;
                return Err(Error::other("postgres did not end in 30 s"));
            }
            thread::sleep(GLANCE);
        }
        Ok(())
    }

    /// Kills the server: connections are not closed properly, and nothing is flushed. Fails if the server cannot be
    /// killed, or still responds after 30 seconds.
    pub fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        child.kill()?;
        child.wait()?;
        // Its children see that it is gone and end; until then they hold on to its folder.
        let deadline = Instant::now() + PATIENCE;
        while self.sql("postgres", "SELECT 1").is_ok() {
            if Instant::now() > deadline {
                return Err(Error::other("postgres answers after its death"));
            }
            thread::sleep(GLANCE);
        }
        Ok(())
    }

    /// Closes all connections to a database. Fails if the server refuses that.
    pub fn cut_off(&self, database: &str) -> Result<()> {
        let others = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        );
        self.sql("postgres", &others).map(drop)
    }

    /// Returns the port of the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts the server again at the same port, with all its data. Fails if it does not respond within 30
    /// seconds.
    pub fn start_again(&mut self) -> Result<()> {
        self.stop()?;
        let log_file = self.folder.path().join("log");
        let log = File::create(&log_file)?;
        let child = self
            .program("postgres")
            .args(["-D", "data", "-c", "listen_addresses=127.0.0.1,::1"])
            .args(["-c", &format!("port={}", self.port)])
            .arg("-c")
            .arg(format!(
                "unix_socket_directories={}",
                self.folder.path().display()
            ))
            .args(["-c", "fsync=off", "-c", "full_page_writes=off"])
            .args(["-c", "synchronous_commit=off", "-c", "shared_buffers=16MB"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        self.child = Some(child);
        self.wait_until_it_answers(&log_file)
    }

    /// Makes the server accept TLS, with this certificate and key (PEM). Fails if the server refuses that.
    pub fn encrypt(&self, certificate: &str, key: &str) -> Result<()> {
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let file = self.folder.path().join("data").join(name);
            fs::write(&file, text)?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
            if let Some(Account { user, group }) = self.account {
                chown(&file, Some(user), Some(group))?;
            }
        }
        self.sql("postgres", "ALTER SYSTEM SET ssl = on")?;
        self.sql("postgres", "SELECT pg_reload_conf()")?;
        let deadline = Instant::now() + PATIENCE;
        while self.sql("postgres", "SHOW ssl")? != "on" {
            if Instant::now() > deadline {
                return Err(Error::other("postgres does not take the certificate"));
            }
            thread::sleep(GLANCE);
        }
        Ok(())
    }

    /// Pauses every process of the server until the result is dropped: connections stay open, and nothing
    /// responds. Fails if a process cannot be paused.
    pub fn stall(&self) -> Result<Stalled> {
        let server = self.child.as_ref().map(Child::id).unwrap_or_default();
        let server = server.to_string();
        // The server first: it can start no further process then.
        let mut stalled = Stalled::default();
        stalled.add(&server)?;
        let children = Command::new("pgrep").args(["-P", &server]).output()?;
        for child in String::from_utf8_lossy(&children.stdout).lines() {
            // One that has just ended is no harm.
            drop(stalled.add(child));
        }
        Ok(stalled)
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(self.folder.path());
        if let Some(Account { user, group }) = self.account {
            command.uid(user).gid(group);
        }
        command
    }

    fn wait_until_it_answers(&mut self, log: &Path) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.sql("postgres", "SELECT 1").is_err() {
            let child = self.child.as_mut();
            let ended = child.is_none_or(|child| child.try_wait().is_ok_and(|end| end.is_some()));
            if ended || Instant::now() > deadline {
                let log = fs::read_to_string(log).unwrap_or_default();
                return Err(Error::other(format!(
                    "postgres does not answer; its log:\n{log}"
                )));
            }
            thread::sleep(GLANCE);
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.stop());
    }
}
