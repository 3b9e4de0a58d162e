//! Proxies with the configurations of `docs/proxies`: only addresses are replaced, and TLS is left out.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use isogloss_testkit::Request;
use isogloss_testkit::servers::{Nginx, free_address};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(20);

/// Addresses that replace those of the configurations.
pub(crate) struct Behind {
    pub(crate) dialect: &'static str,
    pub(crate) public: SocketAddr,
    pub(crate) management: SocketAddr,
    pub(crate) service: SocketAddr,
}

/// The proxy to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Caddy,
    Traefik,
    Envoy,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Nginx, Self::Caddy, Self::Traefik, Self::Envoy];
}

/// A running proxy with a folder of its own. It ends on drop.
pub(crate) struct Proxy {
    child: Child,
    folder: TempDir,
    pub(crate) address: SocketAddr,
}

impl Proxy {
    pub(crate) fn start(kind: Kind, behind: &Behind) -> Self {
        let folder = TempDir::new().unwrap();
        let address = free_address().unwrap();
        let mut command = match kind {
            Kind::Nginx => nginx(folder.path(), behind, address),
            Kind::Caddy => caddy(folder.path(), behind, address),
            Kind::Traefik => traefik(folder.path(), behind, address),
            Kind::Envoy => envoy(folder.path(), behind, address),
        };
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = command
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{kind:?}: {error}; `make test` installs it"));
        let mut proxy = Self {
            child,
            folder,
            address,
        };
        proxy.wait_until_it_leads_somewhere();
        proxy
    }

    /// Returns everything that the proxy has logged so far.
    pub(crate) fn logs(&self) -> String {
        let names = [
            "log",
            "isogloss.access.log",
            "isogloss.error.log",
            "isogloss.log",
        ];
        let files = names.map(|name| fs::read(self.folder.path().join(name)));
        let texts = files.into_iter().flatten();
        texts
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .collect()
    }

    /// Waits for the routes, since Traefik listens before it has loaded them.
    fn wait_until_it_leads_somewhere(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let nowhere = |address: SocketAddr| {
            let probe = Request::get("/").header("Host", "tms.example.com");
            TcpStream::connect(address).is_err()
                || probe.send(address).is_ok_and(|answer| answer.status == 404)
        };
        while nowhere(self.address) {
            let exit = self.child.try_wait().unwrap();
            if exit.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(self.folder.path().join("log"));
                panic!("the proxy leads nowhere: {}", log.unwrap_or_default());
            }
            thread::sleep(GLANCE);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Returns a file of `docs/proxies` with the addresses of the test, and logs in its folder.
fn recipe(name: &str, behind: &Behind, logs: &Path) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/proxies");
    let mut text = fs::read_to_string(folder.join(name)).unwrap();
    for (documented, meant) in [
        ("127.0.0.1:8080", behind.public),
        ("127.0.0.1:8081", behind.management),
        ("127.0.0.1:9000", behind.service),
    ] {
        text = text.replace(documented, &meant.to_string());
    }
    for folder in ["nginx", "caddy", "traefik", "envoy"] {
        let documented = format!("/var/log/{folder}/");
        text = text.replace(&documented, &format!("{}/", logs.display()));
    }
    for path in ["", "/envoy", "/refusal"] {
        let documented = format!("/forward-auth{path}/memsource");
        let meant = format!("/forward-auth{path}/{}", behind.dialect);
        text = text.replace(&documented, &meant);
    }
    text
}

/// Returns the lines that contain none of these words.
fn without(text: &str, words: &[&str]) -> String {
    let keeps = |line: &&str| !words.iter().any(|word| line.contains(word));
    let lines: Vec<_> = text.lines().filter(keeps).collect();
    lines.join("\n")
}

fn nginx(folder: &Path, behind: &Behind, address: SocketAddr) -> Command {
    let recipe = without(&recipe("nginx.conf", behind, folder), &["ssl_certificate"]);
    let recipe = recipe.replace("listen 443 ssl", &format!("listen {address}"));
    let configuration = Nginx::configuration(&format!("access_log off;\n{recipe}"));
    Nginx::command(folder, &configuration).unwrap()
}

fn caddy(folder: &Path, behind: &Behind, address: SocketAddr) -> Command {
    let port = address.port();
    let recipe = recipe("Caddyfile", behind, folder)
        .replace(
            "\nlogin.example.com {",
            &format!("\nhttp://login.example.com:{port} {{"),
        )
        .replace(
            "\ntms.example.com {",
            &format!("\nhttp://tms.example.com:{port} {{"),
        );
    let options = "\n{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n";
    let text = recipe.replacen("\n{\n", options, 1);
    fs::write(folder.join("Caddyfile"), text).unwrap();
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"]);
    command
        .env("HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .env("XDG_CONFIG_HOME", folder);
    command
}

fn traefik(folder: &Path, behind: &Behind, address: SocketAddr) -> Command {
    let dynamic = folder.join("isogloss.yml");
    let text = recipe("traefik.yml", behind, folder)
        .replace(":443", &address.to_string())
        .replace("/etc/traefik/isogloss.yml", &dynamic.display().to_string());
    fs::write(folder.join("traefik.yml"), text).unwrap();
    let text = recipe("traefik-isogloss.yml", behind, folder);
    let (text, _certificates) = text.split_once("\ntls:\n").unwrap();
    fs::write(dynamic, without(text, &["tls: {}"])).unwrap();
    let mut command = Command::new(installed("traefik"));
    command.arg("--configFile=traefik.yml");
    command
}

fn envoy(folder: &Path, behind: &Behind, address: SocketAddr) -> Command {
    let documented = Behind {
        dialect: behind.dialect,
        public: ([127, 0, 0, 1], 8080).into(),
        management: behind.management,
        service: behind.service,
    };
    let mut text = recipe("envoy.yaml", &documented, folder).replace(
        "address: 0.0.0.0, port_value: 443",
        &format!("address: 127.0.0.1, port_value: {}", address.port()),
    );
    for (documented, meant) in [
        (8080, behind.public),
        (8081, behind.management),
        (9000, behind.service),
    ] {
        let documented = format!("port_value: {documented} ");
        text = text.replace(&documented, &format!("port_value: {} ", meant.port()));
    }
    let (before, after) = text.split_once("        - transport_socket:\n").unwrap();
    let (_, filters) = after.split_once("          filters:\n").unwrap();
    fs::write(
        folder.join("envoy.yaml"),
        format!("{before}        - filters:\n{filters}"),
    )
    .unwrap();
    let mut command = Command::new(installed("envoy"));
    command.args([
        "-c",
        "envoy.yaml",
        "--concurrency",
        "1",
        "--log-level",
        "warning",
    ]);
    command.args(["--use-dynamic-base-id", "--disable-hot-restart"]);
    command.args(["--file-flush-interval-msec", "20"]);
    command
}

/// Returns the path of a program that `tests/install` has put next to the build.
fn installed(name: &str) -> PathBuf {
    let built = Path::new(crate::PROGRAM);
    let target = built.ancestors().nth(2).unwrap();
    target.join("proxies/bin").join(name)
}
