//! The gateway as a process of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::log::Log;
use crate::process::Process;
use crate::{Failure, Request, Result};

const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(20);

/// The suites send wrong passwords by the hundred, all from one address, and log in as one user at once.
const GENEROUS: &str = "\
[throttle]
account_tries = 1000000
known_client_tries = 1000000
source_tries = 1000000
network_tries = 1000000
key_tries = 1000000
everywhere_tries = 1000000
code_tries = 1000000
letters = 1000000
letters_of_source = 1000000
[passwords]
account_share = 100
source_share = 100
";

/// What the demo keeps in the repository is in the gateway's folder: paths are relative to this file.
const PATHS: &str = "\
[mail]
transport = \"folder:data/mail\"
[audit]
to = \"file:data/audit.jsonl\"
[jwt]
secret_file = \"data/jwt-secret\"
";

/// Where the gateway keeps its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// In its memory.
    Memory,
    /// In `tokens.redb` in its folder.
    Embedded,
    /// In the Redis at that URL.
    Redis(String),
}

/// A gateway yet to be started: the demo configuration and what is to be different.
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    program: PathBuf,
    store: Store,
    directory: Option<String>,
    folder: Option<PathBuf>,
    env: Vec<(String, String)>,
    configs: Vec<String>,
    generous: bool,
}

impl Builder {
    /// Keeps tokens there instead of in memory.
    pub fn store(mut self, store: Store) -> Self {
        self.store = store;
        self
    }

    /// Keeps users at that `directory.url` instead of in `directory.db` in its folder.
    pub fn directory(mut self, url: impl Into<String>) -> Self {
        self.directory = Some(url.into());
        self
    }

    /// Sets an environment variable, such as `ISOGLOSS__LOGGING__LEVEL`. It wins over all else.
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Adds a configuration file with that text after the demo's and those added before.
    pub fn config_text(mut self, toml: impl Into<String>) -> Self {
        self.configs.push(toml.into());
        self
    }

    /// Counts wrong passwords as the demo does. Without it, more are free than a suite sends.
    pub fn demo_budgets(mut self) -> Self {
        self.generous = false;
        self
    }

    /// Works in that folder, which must exist and is left in place, instead of in a temporary one.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Starts the gateway and waits until both its listeners are there, 30 seconds at most.
    ///
    /// Fails with the whole log if it does not come up.
    pub fn start(self) -> Result<Gateway> {
        let temporary = self.folder.is_none().then(TempDir::new).transpose()?;
        let temporary_path = temporary.as_ref().map(|folder| folder.path().to_owned());
        let folder = self.folder.clone().or(temporary_path).unwrap_or_default();
        let log = Log::default();
        let process = Process::start(self.command(&folder)?, &log)?;
        Ok(Gateway {
            builder: self,
            process,
            folder,
            log,
            _temporary: temporary,
        })
    }

    /// The command `serve` as [`start`](Self::start) gives it, for tests in which it is to fail.
    pub fn command(&self, folder: &Path) -> Result<Command> {
        let mut command = Command::new(&self.program);
        command
            .current_dir(folder)
            .arg("serve")
            .arg("--config")
            .arg(repository().join("config/demo.toml"));
        let paths = folder.join("test-paths.toml");
        fs::write(&paths, PATHS)?;
        command.arg("--config").arg(paths);
        let budgets = self.generous.then_some(GENEROUS.to_owned());
        let texts = budgets.iter().chain(&self.configs);
        for (index, text) in texts.enumerate() {
            let file = folder.join(format!("test-{index}.toml"));
            fs::write(&file, text)?;
            command.arg("--config").arg(file);
        }
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("ISOGLOSS__") {
                command.env_remove(key);
            }
        }
        let overrides = self.overrides(folder).into_iter();
        let overrides = overrides.filter(|(key, _)| !self.sets_other_form(key));
        command.envs(overrides).envs(self.env.clone());
        Ok(command)
    }

    /// Whether the test gives the value of that `…_FILE`, or names a file in place of that value.
    fn sets_other_form(&self, key: &str) -> bool {
        let other = match key.strip_suffix("_FILE") {
            Some(value) => value.to_owned(),
            None => format!("{key}_FILE"),
        };
        self.env.iter().any(|(set, _)| *set == other)
    }

    fn overrides(&self, folder: &Path) -> Vec<(&'static str, String)> {
        let within = |name: &str| folder.join(name).display().to_string();
        let store = match &self.store {
            Store::Memory => "memory:".to_owned(),
            Store::Embedded => format!("embedded:{}", within("tokens.redb")),
            Store::Redis(url) => url.clone(),
        };
        let directory = self.directory.clone();
        let directory = directory.unwrap_or_else(|| format!("sqlite:{}", within("directory.db")));
        let users = repository()
            .join("config/demo-directory.toml")
            .display()
            .to_string();
        vec![
            ("ISOGLOSS__SERVER__BIND", "127.0.0.1:0".to_owned()),
            ("ISOGLOSS__MANAGEMENT__BIND", "127.0.0.1:0".to_owned()),
            ("ISOGLOSS__TOKENS__STORE", store),
            ("ISOGLOSS__TOKENS__PEPPER_FILE", within("pepper")),
            ("ISOGLOSS__DIRECTORY__URL", directory),
            ("ISOGLOSS__DIRECTORY__IMPORT", users),
            ("ISOGLOSS__PASSWORDS__BCRYPT_COST", "4".to_owned()),
            ("ISOGLOSS__LOGGING__FORMAT", "json".to_owned()),
        ]
    }
}

/// A running gateway, its tokens in memory unless told otherwise. It is killed when this is dropped.
#[derive(Debug)]
pub struct Gateway {
    builder: Builder,
    process: Process,
    folder: PathBuf,
    log: Log,
    _temporary: Option<TempDir>,
}

impl Gateway {
    /// A gateway of that program: `env!("CARGO_BIN_EXE_isogloss-under-test")`, which only a test can say.
    pub fn builder(program: impl Into<PathBuf>) -> Builder {
        Builder {
            program: program.into(),
            store: Store::Memory,
            directory: None,
            folder: None,
            env: Vec::new(),
            configs: Vec::new(),
            generous: true,
        }
    }

    /// Where the dialects are served.
    pub fn public(&self) -> SocketAddr {
        self.process.public
    }

    /// Where health, metrics and administration are served.
    pub fn management(&self) -> SocketAddr {
        self.process.management
    }

    /// The folder it works in, with its embedded stores.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// All it has written so far, starts before the last one included.
    pub fn log(&self) -> Vec<String> {
        self.log.lines()
    }

    /// Whether a line with that text is in the log, or comes within 30 seconds.
    pub fn logs(&self, text: &str) -> bool {
        self.log
            .find(0, PATIENCE, |line| line.contains(text).then_some(()))
            .is_some()
    }

    /// Waits for a line behind the first `known` ones in which one of the texts is, 30 seconds at most, and
    /// returns the place of that text. `None` if no such line comes.
    pub fn logs_one_of(&self, known: usize, texts: &[&str]) -> Option<usize> {
        let place = |line: &str| texts.iter().position(|text| line.contains(text));
        self.log.find(known, PATIENCE, place)
    }

    /// Whether that many lines with that text are in the log, or come within 30 seconds.
    pub fn logs_times(&self, text: &str, times: usize) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let count = || self.log().iter().filter(|line| line.contains(text)).count();
        while count() < times {
            if Instant::now() > deadline {
                return false;
            }
            thread::sleep(GLANCE);
        }
        true
    }

    /// Waits until `/readyz` says so, 30 seconds at most: the directory file may be yet to be applied when
    /// the listeners are there.
    pub fn wait_until_ready(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = Request::get("/readyz").send(self.management())?;
            if answer.status == 200 {
                return Ok(());
            }
            if Instant::now() > deadline {
                let why = answer.text();
                return Err(Failure::new(format!("not ready in 30 s: {why}")));
            }
            thread::sleep(GLANCE);
        }
    }

    /// Asks it to stop (SIGTERM) and waits until it has, 30 seconds at most.
    pub fn terminate(&mut self) -> Result<ExitStatus> {
        self.ask_to_stop()?;
        self.wait()
    }

    /// Asks it to stop (SIGTERM) and does not wait.
    pub fn ask_to_stop(&self) -> Result<()> {
        self.signal("-TERM")
    }

    /// Asks it to read its configuration again (SIGHUP) and does not wait.
    pub fn hang_up(&self) -> Result<()> {
        self.signal("-HUP")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let id = self.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status()?;
        if sent.success() {
            return Ok(());
        }
        Err(Failure::new(format!("no process {id} to send {signal}")))
    }

    /// Waits until it has ended, 30 seconds at most.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.process.wait(&self.log)
    }

    /// Ends it at once (SIGKILL).
    pub fn kill(&mut self) -> Result<()> {
        self.process.end();
        Ok(())
    }

    /// Ends it if it runs and starts it again on the same folder, with the same settings, at new ports.
    pub fn start_again(&mut self) -> Result<()> {
        self.process.end();
        self.process = Process::start(self.builder.command(&self.folder)?, &self.log)?;
        Ok(())
    }
}

fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_ends_at_once_is_reported_with_its_exit() {
        let failure = Gateway::builder("/bin/false")
            .start()
            .unwrap_err()
            .to_string();
        assert!(failure.contains("it ended (exit status: 1)"), "{failure}");
        let failure = Gateway::builder("/no/such/program")
            .start()
            .unwrap_err()
            .to_string();
        assert!(
            failure.starts_with("starting /no/such/program"),
            "{failure}"
        );
    }

    #[test]
    fn a_gateway_is_stopped_killed_and_started_again_on_its_folder() {
        const SCRIPT: &str = r#"
trap 'echo stopped; exit 0' TERM
echo "{\"fields\":{\"listener\":\"public\",\"address\":\"127.0.0.1:$(($$ % 60000 + 3))\"}}" >&2
echo '{"fields":{"listener":"management","address":"127.0.0.1:2"}}' >&2
while true; do sleep 0.01; done
"#;
        // `/bin/sh serve --config …` runs the script of that name.
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("serve"), SCRIPT).unwrap();

        let mut gateway = Gateway::builder("/bin/sh")
            .folder(folder.path())
            .start()
            .unwrap();
        let first = gateway.public();
        assert_eq!(gateway.management().port(), 2);
        gateway.kill().unwrap();
        gateway.start_again().unwrap();
        assert_ne!(gateway.public(), first);
        assert!(gateway.terminate().unwrap().success());
        assert!(gateway.logs("stopped"));
        assert_eq!(gateway.log().len(), 5, "two starts and a stop");
        assert_eq!(gateway.folder(), folder.path());
    }

    #[test]
    fn a_gateway_is_told_of_its_folder_and_store() {
        let gateway = Gateway::builder("x")
            .store(Store::Embedded)
            .env("ISOGLOSS__A", "b");
        let command = gateway.command(Path::new("/tmp")).unwrap();
        let value = |key: &str| {
            let found = command.get_envs().find(|(name, _)| *name == key);
            found
                .and_then(|(_, value)| value)
                .map(|value| value.to_string_lossy().into_owned())
        };
        assert_eq!(
            value("ISOGLOSS__TOKENS__STORE").unwrap(),
            "embedded:/tmp/tokens.redb"
        );
        assert_eq!(value("ISOGLOSS__SERVER__BIND").unwrap(), "127.0.0.1:0");
        assert_eq!(value("ISOGLOSS__A").unwrap(), "b");
    }
}
