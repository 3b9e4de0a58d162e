//! The settings of the reverse proxy to a back end, from those of the configuration.

use std::path::Path;

use actix_web::http::uri::Authority;
use data_encoding::BASE64;
use isogloss_reverse_proxy::{
    Address, HostHeader, HostPort, ReverseProxy, Settings, SettingsError, TlsSettings,
};
use rustls::pki_types::ServerName;

use super::BackEndSettings;
use crate::config::ConfigError;

impl BackEndSettings {
    /// Returns the reverse proxy of the back end of `dialect`, or `None` if it has no back end. Fails if a setting is invalid
    /// or a file cannot be used.
    pub(crate) fn open(&self, dialect: &'static str) -> Result<Option<ReverseProxy>, ConfigError> {
        let section = format!("dialects.{dialect}");
        let mut settings = self.transport(&section)?;
        if !self.is_set() {
            // The other settings are checked even if they are not used.
            let (host, port) = ("localhost".to_owned(), 80);
            settings.addresses = vec![Address::Http(HostPort { host, port })];
        }
        let proxy = ReverseProxy::new(dialect, settings);
        let proxy = proxy.map_err(|error| in_settings(&section, &error))?;
        Ok(self.is_set().then_some(proxy))
    }

    /// Returns the settings of the reverse proxy. Fails if one of them cannot be one.
    fn transport(&self, section: &str) -> Result<Settings, ConfigError> {
        let problem =
            |name: &str, reason: &str| ConfigError::new(format!("{section}.{name}"), reason);
        let addresses = self.backend.iter().map(|text| text.parse::<Address>());
        let addresses: Result<Vec<_>, _> = addresses.collect();
        let proxy = &self.proxy;
        for (name, file) in [
            ("proxy.ca_file", &proxy.ca_file),
            ("proxy.certificate_file", &proxy.certificate_file),
            ("proxy.key_file", &proxy.key_file),
        ] {
            if set(file).is_some_and(|file| !file.is_file()) {
                return Err(problem(name, "expected the path of a file"));
            }
        }
        if proxy.certificate_file.as_os_str().is_empty() != proxy.key_file.as_os_str().is_empty() {
            let reason = "expected proxy.certificate_file and proxy.key_file, or neither";
            return Err(problem("proxy.key_file", reason));
        }
        if !proxy.pins.iter().all(|pin| is_pin(pin)) {
            let reason = "expected SHA-256 digests in base64, of 44 characters each";
            return Err(problem("proxy.pins", reason));
        }
        let server_name = proxy.server_name.as_str();
        if !server_name.is_empty() && ServerName::try_from(server_name).is_err() {
            let reason = "expected a DNS name or an IP address, or nothing";
            return Err(problem("proxy.server_name", reason));
        }
        Ok(Settings {
            addresses: addresses.map_err(|error| problem("backend", &error.to_string()))?,
            host: self
                .host()
                .ok_or_else(|| problem("proxy.host", "expected client, backend or a host name"))?,
            connections: proxy.connections.get(),
            queue: proxy.queue,
            queue_timeout: proxy.queue_timeout,
            connect_timeout: proxy.connect_timeout,
            response_timeout: proxy.response_timeout,
            idle_timeout: proxy.idle_timeout,
            keep_alive: proxy.keep_alive,
            websocket_idle_timeout: proxy.websocket_idle_timeout,
            health_path: Some(proxy.health_path.clone()).filter(|path| !path.is_empty()),
            health_interval: proxy.health_interval,
            failures: proxy.failures.get(),
            recovery: proxy.recovery,
            tls: TlsSettings {
                ca_file: set(&proxy.ca_file).map(Path::to_owned),
                pins: proxy.pins.clone(),
                certificate_file: set(&proxy.certificate_file).map(Path::to_owned),
                key_file: set(&proxy.key_file).map(Path::to_owned),
                server_name: Some(proxy.server_name.clone()).filter(|name| !name.is_empty()),
            },
        })
    }

    /// Returns what `Host` is in calls to the back end, or `None` if the setting is no host.
    fn host(&self) -> Option<HostHeader> {
        match self.proxy.host.as_str() {
            "client" => Some(HostHeader::Client),
            "backend" => Some(HostHeader::Backend),
            name => {
                let authority: Authority = name.parse().ok()?;
                let has_port = authority.port_u16().is_some() && !name.contains('@');
                let is_host = !authority.host().is_empty() && authority.host() == name;
                (is_host || has_port).then(|| HostHeader::Name(name.to_owned()))
            }
        }
    }
}

/// Returns whether the text is the digest of a public key.
fn is_pin(text: &str) -> bool {
    BASE64
        .decode(text.as_bytes())
        .is_ok_and(|digest| digest.len() == 32)
}

/// Returns the path of a file, or `None` if it is not set.
fn set(file: &Path) -> Option<&Path> {
    (!file.as_os_str().is_empty()).then_some(file)
}

/// Returns the error of a setting with its key.
fn in_settings(section: &str, error: &SettingsError) -> ConfigError {
    let name = match error {
        SettingsError::NoAddress => "backend",
        SettingsError::OutOfRange { setting, .. } => {
            return ConfigError::new(format!("{section}.proxy.{setting}"), error);
        }
        SettingsError::Host(_) => "proxy.host",
        SettingsError::HealthPath(_) => "proxy.health_path",
        SettingsError::Pin(_) => "proxy.pins",
        SettingsError::ServerName(_) => "proxy.server_name",
        SettingsError::HalfOfCertificate => "proxy.key_file",
        SettingsError::File { .. } | SettingsError::NoAuthorities => "proxy.ca_file",
        SettingsError::Tls(_) => "proxy.certificate_file",
    };
    ConfigError::new(format!("{section}.{name}"), error)
}
