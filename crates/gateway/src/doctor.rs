//! Checks of a gateway, its stores and its proxy.

mod advice;
mod authorities;
mod back_ends;
mod certificates;
mod files;
mod finding;
mod prober;
mod proxy_log;
mod reachability;
mod stores;

use std::path::Path;

use isogloss_core::directory::{Directory, UserFilter};

use self::advice::advice;
pub(crate) use self::finding::{Finding, Findings, Severity};
use crate::bootstrap::{components, demo_credentials, look_alikes, secrets};
use crate::config::Config;

/// Runs all checks, and returns their findings. A check that cannot run is a finding, too.
pub(crate) async fn examine(
    config: &Config,
    public_url: Option<&str>,
    proxy_log: Option<&Path>,
) -> Findings {
    let mut findings = Findings::default();
    findings.add(Finding::ok("configuration", "is valid"));
    files::examine(config, &mut findings);
    match components::directory_read_only(&config.sections).await {
        Ok(directory) => directory_contents(config, directory.as_ref(), &mut findings).await,
        Err(error) => findings.add(unreachable(&format!("{error:#}"))),
    }
    certificates::check_files(config, &mut findings);
    stores::tokens(config, &mut findings).await;
    authorities::examine(config, &mut findings).await;
    reachability::management(config, &mut findings);
    reachability::public(config, public_url, &mut findings);
    proxy_log::examine(config, public_url, proxy_log, &mut findings);
    findings
}

/// Checks the directory, and that no demo credentials are in use. Adds the results to `findings`.
async fn directory_contents(config: &Config, directory: &dyn Directory, findings: &mut Findings) {
    match directory.health().await {
        Ok(found) => found
            .into_iter()
            .for_each(|one| findings.add(Finding::of_store("directory", one))),
        Err(error) => {
            findings.add(unreachable(&error.to_string()));
            return;
        }
    }
    match directory.users(&UserFilter::default(), i64::MIN, 1).await {
        Ok(users) if users.is_empty() => findings.add(Finding::warning(
            "directory",
            "has no users, so no login can succeed",
            "add one with isogloss user add, or import a file with isogloss directory import",
        )),
        Ok(_) => findings.add(Finding::ok("directory", "can be queried")),
        Err(error) => findings.add(Finding::failed(
            "directory",
            error.to_string(),
            "check directory.url",
        )),
    }
    names(directory, findings).await;
    authorities::organisations(&config.sections.authorities, directory, findings).await;
    digest_keys(directory, findings).await;
    let Ok(passwords) = components::passwords(&config.sections.passwords) else {
        return;
    };
    let mut known = demo_credentials::users_in_use(directory, &passwords).await;
    known.extend(demo_credentials::keys_in_use(directory).await);
    if known.is_empty() {
        findings.add(Finding::ok("demo passwords", "none are in use"));
    } else {
        findings.add(Finding::warning(
            "demo passwords",
            format!("in use, and public: {}", known.join(", ")),
            "set new passwords, disable these users and revoke these keys",
        ));
    }
}

/// Returns the finding that the directory is unreachable, with advice.
fn unreachable(error: &str) -> Finding {
    let hint = "check directory.url, and that its database runs";
    Finding::failed("directory", error, advice(error, hint))
}

/// Checks that no two login names look alike. Adds the result to `findings`.
async fn names(directory: &dyn Directory, findings: &mut Findings) {
    const CHECK: &str = "names";
    match look_alikes::describe(directory).await {
        Ok(found) if found.is_empty() => {
            findings.add(Finding::ok(CHECK, "no two names look alike"));
        }
        Ok(found) => found
            .into_iter()
            .for_each(|text| findings.add(Finding::warning(CHECK, text, look_alikes::HINT))),
        Err(error) => findings.add(Finding::failed(
            CHECK,
            error.to_string(),
            "check directory.url",
        )),
    }
}

/// Checks that the pepper decrypts the keys of the digests of cards and keys. Adds the result to `findings`.
async fn digest_keys(directory: &dyn Directory, findings: &mut Findings) {
    const CHECK: &str = "digest keys";
    match directory.digest_keys().await {
        Ok(keys) => {
            let lost = keys.iter().filter(|key| !key.is_readable);
            let lost: Vec<_> = lost
                .map(|key| format!("{} of {} cards and keys", key.id, key.digests))
                .collect();
            if lost.is_empty() {
                findings.add(Finding::ok(CHECK, "the pepper opens all of them"));
                return;
            }
            findings.add(Finding::failed(
                CHECK,
                format!("no pepper of the configuration opens {}", lost.join(", ")),
                "set tokens.pepper or tokens.previous_pepper to the right one; if it is lost, see \
                 docs/pepper.md, isogloss directory digest-keys remove",
            ));
        }
        Err(error) => {
            findings.add(Finding::failed(
                CHECK,
                error.to_string(),
                "check directory.url",
            ));
        }
    }
}

/// Returns the signer of probes, or `None` if the pepper cannot be read; a pepper is not created.
fn probe(config: &Config) -> Option<crate::http::self_probe::SelfProbe> {
    let tokens = &config.sections.tokens;
    let known = matches!(tokens.read_pepper(), Ok(Some(_)));
    let peppers = known.then(|| secrets::peppers(tokens))?.ok()?;
    Some(crate::http::self_probe::SelfProbe::new(&peppers))
}
