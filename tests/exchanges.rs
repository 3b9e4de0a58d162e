//! Runs every file under `exchanges/` against every token store and directory, each as a test with its own name.
//!
//! The combinations are tokens in memory or in a file with users in SQLite, and tokens in Redis with users in
//! PostgreSQL. A file with settings runs on a gateway of its own, with tokens in memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use isogloss_testkit::{Conversation, Error, Gateway, Host, Postgres, Redis, Result, Store};
use libtest_mimic::{Arguments, Trial};
use toml::Table;

const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss-under-test");

/// Conversations that run concurrently. Most of their time they wait for their gateway, or for time to pass.
const THREADS: usize = 6;
/// Servers of each kind. Each runs one conversation at a time.
const SERVERS: usize = 2;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let kinds = kinds();
    let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("exchanges"));
    let trials = match files {
        Ok(files) => files
            .iter()
            .enumerate()
            .flat_map(|(number, file)| {
                trials(&kinds.each_ref().map(|kind| kind.server(number)), file)
            })
            .collect(),
        Err(error) => vec![failing("exchanges", error)],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Servers with the same kind of stores.
struct Kind([Arc<Server>; SERVERS]);

impl Kind {
    fn new(name: &'static str, start: fn() -> Result<Running>) -> Self {
        Self([(); SERVERS].map(|()| Server::new(name, start)))
    }

    /// Returns the server for the file of that number.
    fn server(&self, number: usize) -> &Arc<Server> {
        &self.0[number % SERVERS]
    }
}

/// A server for conversations. It starts when the first conversation needs it.
struct Server {
    name: &'static str,
    start: fn() -> Result<Running>,
    /// Locked for a whole conversation: the demo has few users, and a login with the same client id may replace a
    /// token that another conversation has just received.
    running: Mutex<Option<Result<Running>>>,
}

/// A running server, and the servers that it needs.
struct Running {
    gateway: Gateway,
    _servers: Option<(Redis, Postgres)>,
}

impl Server {
    fn new(name: &'static str, start: fn() -> Result<Running>) -> Arc<Self> {
        Arc::new(Self {
            name,
            start,
            running: Mutex::new(None),
        })
    }

    fn hold(&self, conversation: &Conversation) -> Result<()> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match running.get_or_insert_with(self.start) {
            Ok(running) => conversation.run(&running.host()),
            Err(error) => Err(error.clone()),
        }
    }
}

impl Running {
    fn start(store: Store, settings: &Table) -> Result<Self> {
        let gateway = Gateway::builder(PROGRAM)
            .store(store)
            .config_text(settings.to_string())
            .start()?;
        Ok(Self {
            gateway,
            _servers: None,
        })
    }

    fn host(&self) -> Host {
        self.gateway.public().into()
    }
}

fn kinds() -> [Kind; 3] {
    [
        Kind::new("memory", || Running::start(Store::Memory, &Table::new())),
        Kind::new("embedded", || {
            Running::start(Store::Embedded, &Table::new())
        }),
        Kind::new("servers", || {
            let (redis, postgres) = (Redis::start()?, Postgres::start()?);
            let gateway = Gateway::builder(PROGRAM)
                .store(Store::Redis(redis.url()))
                .directory(postgres.new_database()?)
                .start()?;
            gateway.wait_until_ready()?;
            Ok(Running {
                gateway,
                _servers: Some((redis, postgres)),
            })
        }),
    ]
}

fn trials(servers: &[&Arc<Server>; 3], file: &Path) -> Vec<Trial> {
    let dialect = file.parent().and_then(Path::file_name);
    let (dialect, case) = (dialect.unwrap_or_default(), file.file_stem());
    let case = format!(
        "{}::{}",
        dialect.display(),
        case.unwrap_or_default().display()
    );
    match Conversation::read(file) {
        Err(error) => vec![failing(&case, error.context("reading it"))],
        Ok(conversation) if conversation.settings().is_empty() => servers
            .iter()
            .map(|server| {
                let (server, conversation) = (Arc::clone(server), conversation.clone());
                Trial::test(format!("{}::{case}", server.name), move || {
                    server.hold(&conversation).map_err(Into::into)
                })
            })
            .collect(),
        Ok(conversation) => vec![Trial::test(format!("settings::{case}"), move || {
            let running = Running::start(Store::Memory, conversation.settings())?;
            conversation.run(&running.host()).map_err(Into::into)
        })],
    }
}

fn failing(name: &str, error: Error) -> Trial {
    Trial::test(name, move || Err(error.into()))
}

/// Returns the paths `<dialect>/<case>.toml` below `folder`, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for dialect in entries(folder)? {
        files.extend(entries(&dialect)?);
    }
    if let Some(other) = files
        .iter()
        .find(|file| file.extension().is_none_or(|e| e != "toml"))
    {
        return Err(Error::new(format!(
            "{} is no exchange file",
            other.display()
        )));
    }
    files.sort();
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let act = || format!("listing {}", folder.display());
    fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(|error| Error::from(error).context(act()))
}
