//! The configurations of `docs/proxies` on disk: only addresses are replaced, and TLS is left out.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use isogloss_testkit::servers::Nginx;

use super::proxy::{Behind, HostNames, Kind, LOGIN_HOST, Recipe};

/// The files of one configuration, and where the proxy finds them.
pub(super) struct Files<'a> {
    pub(super) recipe: Recipe,
    pub(super) behind: &'a Behind,
    pub(super) folder: &'a Path,
}

impl Files<'_> {
    /// Writes the files, and returns the command that runs the proxy at this address.
    pub(super) fn command(&self, address: SocketAddr) -> Command {
        match self.recipe.kind {
            Kind::Nginx => nginx(self, address),
            Kind::Caddy => caddy(self, address),
            Kind::Traefik => traefik(self, address),
            Kind::Envoy => envoy(self, address),
            Kind::Haproxy => haproxy(self, address),
            Kind::Apache => apache(self, address),
        }
    }

    /// Returns a file of the configuration with the addresses of the test, and logs in its folder.
    fn read(&self, name: &str) -> String {
        let below = match self.recipe.names {
            HostNames::Two => "",
            HostNames::One => "one-name/",
        };
        self.adapt(&format!("{below}{name}"))
    }

    /// Returns a file below `docs/proxies` in the same way.
    fn adapt(&self, path: &str) -> String {
        let documented = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/proxies");
        let mut text = fs::read_to_string(documented.join(path)).unwrap();
        for (port, meant) in [
            (8080, self.behind.public),
            (8081, self.behind.management),
            (9000, self.behind.service),
        ] {
            text = text.replace(&format!("127.0.0.1:{port}"), &meant.to_string());
            // As Envoy writes an address.
            let documented = format!("port_value: {port} ");
            text = text.replace(&documented, &format!("port_value: {} ", meant.port()));
        }
        for proxy in ["nginx", "caddy", "traefik", "envoy", "apache2"] {
            let documented = format!("/var/log/{proxy}/");
            text = text.replace(&documented, &format!("{}/", self.folder.display()));
        }
        for path in ["", "/envoy", "/refusal"] {
            let documented = format!("/forward-auth{path}/memsource");
            let meant = format!("/forward-auth{path}/{}", self.behind.dialect);
            text = text.replace(&documented, &meant);
        }
        text = text.replace(
            "dialect:memsource",
            &format!("dialect:{}", self.behind.dialect),
        );
        if self.behind.has_remote_user {
            text = text.replace("# Remote-User\n", "Remote-User\n");
        }
        text
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }
}

/// Returns the lines that contain none of these words.
fn without(text: &str, words: &[&str]) -> String {
    let keeps = |line: &&str| !words.iter().any(|word| line.contains(word));
    let lines: Vec<_> = text.lines().filter(keeps).collect();
    lines.join("\n")
}

fn nginx(files: &Files<'_>, address: SocketAddr) -> Command {
    let recipe = without(&files.read("nginx.conf"), &["ssl_certificate"]);
    let recipe = recipe.replace("listen 443 ssl", &format!("listen {address}"));
    let configuration = Nginx::configuration(&format!("access_log off;\n{recipe}"));
    Nginx::command(files.folder, &configuration).unwrap()
}

fn caddy(files: &Files<'_>, address: SocketAddr) -> Command {
    let mut text = files.read("Caddyfile");
    for host in [LOGIN_HOST, "tms.example.com"] {
        let meant = format!("\nhttp://{host}:{} {{", address.port());
        text = text.replace(&format!("\n{host} {{"), &meant);
    }
    let options = "\n{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n";
    files.write("Caddyfile", &text.replacen("\n{\n", options, 1));
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"]);
    command
        .env("HOME", files.folder)
        .env("XDG_DATA_HOME", files.folder)
        .env("XDG_CONFIG_HOME", files.folder);
    command
}

fn traefik(files: &Files<'_>, address: SocketAddr) -> Command {
    let dynamic = files.folder.join("isogloss.yml");
    // Both configurations have the same static file.
    let text = files
        .adapt("traefik.yml")
        .replace(":443", &address.to_string())
        .replace("/etc/traefik/isogloss.yml", &dynamic.display().to_string());
    files.write("traefik.yml", &text);
    let text = files.read("traefik-isogloss.yml");
    let (text, _certificates) = text.split_once("\ntls:\n").unwrap();
    files.write("isogloss.yml", &without(text, &["tls: {}"]));
    let mut command = Command::new(installed("traefik"));
    command.arg("--configFile=traefik.yml");
    command
}

fn envoy(files: &Files<'_>, address: SocketAddr) -> Command {
    let text = files.read("envoy.yaml").replace(
        "address: 0.0.0.0, port_value: 443",
        &format!("address: 127.0.0.1, port_value: {}", address.port()),
    );
    let (before, after) = text.split_once("        - transport_socket:\n").unwrap();
    let (_, filters) = after.split_once("          filters:\n").unwrap();
    files.write(
        "envoy.yaml",
        &format!("{before}        - filters:\n{filters}"),
    );
    let mut command = Command::new(installed("envoy"));
    command.args(["-c", "envoy.yaml", "--concurrency", "1"]);
    command.args(["--log-level", "warning"]);
    command.args(["--use-dynamic-base-id", "--disable-hot-restart"]);
    command.args(["--file-flush-interval-msec", "20"]);
    command
}

fn haproxy(files: &Files<'_>, address: SocketAddr) -> Command {
    let documented = "bind :443 ssl crt /etc/ssl/example.com.pem";
    let text = files.read("haproxy.cfg");
    let text = text
        .replace(documented, &format!("bind {address}"))
        .replace("/etc/haproxy/", &format!("{}/", files.folder.display()));
    files.write("haproxy.cfg", &text);
    files.write("isogloss.lua", &files.read("isogloss.lua"));
    let mut command = Command::new(system_program("haproxy"));
    command.args(["-db", "-f", "haproxy.cfg"]);
    command
}

/// The modules that `a2enmod` enables, with those of Debian's own configuration.
const APACHE_MODULES: [&str; 11] = [
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_user",
    "headers",
    "lua",
    "oauth2",
    "proxy",
    "proxy_http",
    "rewrite",
    "setenvif",
];

fn apache(files: &Files<'_>, address: SocketAddr) -> Command {
    let recipe = without(&files.read("apache.conf"), &["SSL"]);
    let folder = files.folder.display();
    let recipe = recipe
        .replace("*:443", &address.to_string())
        .replace("/etc/apache2/", &format!("{folder}/"));
    let hook = "isogloss-apache.lua";
    files.write(hook, &files.read(hook));
    // Apache reads it as the user below.
    fs::set_permissions(files.folder, Permissions::from_mode(0o755)).unwrap();
    let modules = APACHE_MODULES
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"));
    let text = format!(
        "ServerRoot {folder}\nDefaultRuntimeDir {folder}\nPidFile pid\nErrorLog isogloss.error.log\nServerName localhost\n\
         User nobody\nGroup nogroup\nListen {address}\n{}{recipe}",
        modules.concat()
    );
    files.write("apache.conf", &text);
    let mut command = Command::new(system_program("apache2"));
    command.arg("-d").arg(files.folder);
    // One process, so that none is left when it is killed.
    command.args(["-f", "apache.conf", "-X"]);
    command
}

/// Returns the path of a program where Debian installs it, which is not in the `PATH` of every user.
fn system_program(name: &str) -> PathBuf {
    let path = Path::new("/usr/sbin").join(name);
    if path.exists() { path } else { name.into() }
}

/// Returns the path of a program that `tests/install` has put next to the build.
pub(super) fn installed(name: &str) -> PathBuf {
    let built = Path::new(crate::PROGRAM);
    let target = built.ancestors().nth(2).unwrap();
    target.join("proxies/bin").join(name)
}
