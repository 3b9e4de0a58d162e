//! Every file under `exchanges/` against every token store, each a test with its own name.
//!
//! `ISOGLOSS_BASE_URL=http://host:port` holds the conversations there instead, once.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs};

use conformance::{Conversation, Failure, Gateway, Redis, Result, Store};
use libtest_mimic::{Arguments, Trial};

const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss-under-test");

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let hosts = hosts();
    let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("exchanges"));
    let trials = match &files {
        Ok(files) => files
            .iter()
            .flat_map(|file| hosts.iter().map(|host| trial(host, file)))
            .collect(),
        Err(failure) => vec![failing("exchanges", failure.clone())],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A server to hold conversations with. It starts when the first one needs it.
struct Host {
    name: &'static str,
    start: Box<dyn Fn() -> Result<Running> + Send + Sync>,
    /// Locked for a whole conversation: the demo's users are few, and a login with the same client id may
    /// replace what another conversation has just been given.
    running: Mutex<Option<Result<Running>>>,
}

/// A server that runs, and what must live as long as it does.
struct Running {
    authority: String,
    _gateway: Option<Gateway>,
    _redis: Option<Redis>,
}

impl Host {
    fn new(
        name: &'static str,
        start: impl Fn() -> Result<Running> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            start: Box::new(start),
            running: Mutex::new(None),
        })
    }

    fn hold(&self, conversation: &Conversation) -> Result<()> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match running.get_or_insert_with(&self.start) {
            Ok(running) => conversation.hold(&running.authority),
            Err(failure) => Err(failure.clone()),
        }
    }
}

impl Running {
    fn own(store: Store, redis: Option<Redis>) -> Result<Self> {
        let gateway = Gateway::builder(PROGRAM).store(store).start()?;
        Ok(Self {
            authority: gateway.public().to_string(),
            _gateway: Some(gateway),
            _redis: redis,
        })
    }

    fn elsewhere(base_url: &str) -> Result<Self> {
        let authority = base_url
            .strip_prefix("http://")
            .map(|rest| rest.trim_end_matches('/'));
        match authority.filter(|authority| authority.contains(':') && !authority.contains('/')) {
            Some(authority) => Ok(Self {
                authority: authority.to_owned(),
                _gateway: None,
                _redis: None,
            }),
            None => Err(Failure::new(format!(
                "ISOGLOSS_BASE_URL is `{base_url}`, expected http://host:port"
            ))),
        }
    }
}

fn hosts() -> Vec<Arc<Host>> {
    if let Some(base_url) = env::var_os("ISOGLOSS_BASE_URL") {
        let base_url = base_url.to_string_lossy().into_owned();
        return vec![Host::new("elsewhere", move || {
            Running::elsewhere(&base_url)
        })];
    }
    vec![
        Host::new("memory", || Running::own(Store::Memory, None)),
        Host::new("embedded", || Running::own(Store::Embedded, None)),
        Host::new("redis", || {
            let redis = Redis::start()?;
            Running::own(Store::Redis(redis.url()), Some(redis))
        }),
    ]
}

fn trial(host: &Arc<Host>, file: &Path) -> Trial {
    let dialect = file
        .parent()
        .and_then(Path::file_name)
        .unwrap_or_default()
        .display();
    let case = file.file_stem().unwrap_or_default().display();
    let name = format!("{}::{dialect}::{case}", host.name);
    let (host, file) = (Arc::clone(host), file.to_owned());
    Trial::test(name, move || {
        let conversation = Conversation::read(&file)
            .map_err(|failure| failure.during(format!("reading {}", file.display())))?;
        host.hold(&conversation).map_err(Into::into)
    })
}

fn failing(name: &str, failure: Failure) -> Trial {
    Trial::test(name, move || Err(failure.into()))
}

/// `<dialect>/<case>.toml`, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for dialect in entries(folder)? {
        files.extend(entries(&dialect)?);
    }
    if let Some(other) = files
        .iter()
        .find(|file| file.extension().is_none_or(|e| e != "toml"))
    {
        return Err(Failure::new(format!(
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
        .map_err(|error| Failure::from(error).during(act()))
}
