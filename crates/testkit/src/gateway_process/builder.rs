//! A gateway that is yet to be started: the demo's configuration, and what a test changes of it.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use super::Gateway;
use crate::Result;
use crate::log::Log;
use crate::process::Process;

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

/// Runs a program and its arguments with a listening socket as systemd passes it, taken from the standard input.
const PASS_SOCKET: &str =
    r#"export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=public; exec "$0" "$@" 3<&0 </dev/null"#;

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

/// A gateway that is not started yet: the demo configuration and the settings that differ from it.
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    program: PathBuf,
    store: Store,
    directory: Option<String>,
    folder: Option<PathBuf>,
    public_socket: Option<Arc<TcpListener>>,
    env: Vec<(String, String)>,
    configs: Vec<String>,
    generous: bool,
}

impl Builder {
    pub(super) fn new(program: PathBuf) -> Self {
        Self {
            program,
            store: Store::Memory,
            directory: None,
            folder: None,
            public_socket: None,
            env: Vec::new(),
            configs: Vec::new(),
            generous: true,
        }
    }

    /// Sets where tokens are stored, instead of in memory.
    pub fn store(mut self, store: Store) -> Self {
        self.store = store;
        self
    }

    /// Sets the `directory.url` of the users, instead of `directory.db` in the gateway's folder.
    pub fn directory(mut self, url: impl Into<String>) -> Self {
        self.directory = Some(url.into());
        self
    }

    /// Sets an environment variable, such as `ISOGLOSS__LOGGING__LEVEL`. It overrides all configuration
    /// files.
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Adds a configuration file with this text, after the demo's and those added before.
    pub fn config_text(mut self, toml: impl Into<String>) -> Self {
        self.configs.push(toml.into());
        self
    }

    /// Limits wrong passwords as the demo does. Otherwise, more are allowed than a suite sends.
    pub fn demo_budgets(mut self) -> Self {
        self.generous = false;
        self
    }

    /// Sets the working directory, which must exist and is left in place, instead of a temporary one.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Passes a listening socket to each start of the gateway for its public listener, as systemd does.
    pub fn public_socket(mut self, socket: Arc<TcpListener>) -> Self {
        self.public_socket = Some(socket);
        self
    }

    /// Starts the gateway, and waits until both its listeners accept connections.
    ///
    /// # Errors
    /// If they do not within 60 seconds; the error has the whole log.
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

    /// Returns the command `serve` as [`start`](Self::start) runs it, for tests in which it must fail.
    ///
    /// # Errors
    /// If a configuration file cannot be written.
    pub fn command(&self, folder: &Path) -> Result<Command> {
        let mut command = match &self.public_socket {
            None => {
                let mut command = Command::new(&self.program);
                command.stdin(Stdio::null());
                command
            }
            Some(socket) => {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", PASS_SOCKET]).arg(&self.program);
                command.stdin(OwnedFd::from(socket.try_clone()?));
                command
            }
        };
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

    /// Returns whether the test sets the other form of a setting: the value of `…_FILE`, or the file of a
    /// value.
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
            // Other tests leave the machine no idle time, for which a login would wait.
            ("ISOGLOSS__PASSWORDS__LOW_PRIORITY", "false".to_owned()),
            ("ISOGLOSS__LOGGING__FORMAT", "json".to_owned()),
        ]
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
