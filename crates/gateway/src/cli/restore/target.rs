//! The configured stores, to which a backup is restored.

mod secrets;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use futures_util::future::join_all;
use isogloss_core::directory::{BackedUp, Directory, UserFilter};
use isogloss_core::store::{Record, StoredToken, TokenReader, TokenStore, all_digests};
use isogloss_core::{Clock as _, SystemClock};
use isogloss_directory_sql::SqliteDirectory;
use serde::Serialize;

use self::secrets::Secrets;
use crate::bootstrap::components;
use crate::cli::backup::folder::{AUDIT, TOKENS, copy_lines};
use crate::cli::backup::manifest::Manifest;
use crate::cli::backup::tokens::count;
use crate::cli::output;
use crate::config::{Database, DirectoryAddress, LogTarget, Sections, TokenStoreAddress};
use crate::http_client::HttpClient;
use crate::management_client::listener_url;

/// Number of tokens that are written concurrently.
const BATCH_SIZE: usize = 256;

/// The configured stores, checked against a backup.
pub(super) struct Target<'a> {
    folder: &'a Path,
    sections: &'a Sections,
    manifest: &'a Manifest,
    secrets: Secrets,
    pub(super) directory: Arc<dyn Directory>,
    /// None for a gateway's memory.
    tokens: Option<Arc<dyn TokenStore>>,
}

/// Summary of the restored data.
#[derive(Default, Serialize)]
pub(super) struct Restored {
    /// None if the backup has none, or they have nowhere to go.
    pub(super) tokens: Option<u64>,
    pub(super) expired: u64,
    /// Files other than the stores.
    pub(super) written: Vec<PathBuf>,
    pub(super) warnings: Vec<String>,
}

impl<'a> Target<'a> {
    /// Checks the backup and everything that could prevent the restore, and opens the stores. Fails if the
    /// backup is damaged, the configured database is of another kind, the peppers differ, or a gateway runs.
    pub(super) async fn open(
        folder: &'a Path,
        manifest: &'a Manifest,
        sections: &'a Sections,
    ) -> Result<Self> {
        check_database(manifest, sections)?;
        manifest.lists_all(folder)?;
        if manifest.tokens.is_some() {
            let found = count(&folder.join(TOKENS), |_| {})?;
            if manifest.tokens != Some(found) {
                bail!("{} is damaged: it has {found} tokens", folder.display());
            }
        }
        if manifest.directory.database == Database::Sqlite {
            let checked = SqliteDirectory::check_backup(folder).await;
            checked.with_context(|| format!("{} is damaged", folder.display()))?;
        }
        let secrets = Secrets::compare(folder, manifest, sections)?;
        refuse_running(sections)?;
        let tokens = open_tokens(sections)?;
        let directory = components::create_directory(sections).await?;
        directory.ping().await?;
        Ok(Self {
            folder,
            sections,
            manifest,
            secrets,
            directory,
            tokens,
        })
    }

    /// Returns the kind of data that the stores already have, or `None` if they are empty. Fails if a store is
    /// unreachable.
    pub(super) async fn occupied(&self) -> Result<Option<&'static str>> {
        let directory = self.directory.as_ref();
        let all = UserFilter::default();
        if !directory.users(&all, i64::MIN, 1).await?.is_empty() {
            return Ok(Some("users"));
        }
        if !directory.organisations("", 1).await?.is_empty() {
            return Ok(Some("organisations"));
        }
        if !directory.keys().await?.is_empty() {
            return Ok(Some("keys"));
        }
        let mut has_live = false;
        if let Some(tokens) = &self.tokens {
            let now = SystemClock.now();
            let look = &mut |_, record: Record| {
                has_live = record.expires_at > now;
                if has_live {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            tokens.scan(look).await?;
        }
        Ok(has_live.then_some("tokens"))
    }

    /// Replaces the existing data with the backup, and returns what was restored. The directory comes first, in
    /// one transaction: if the database refuses it, the tokens are unchanged and no user is logged out. Fails
    /// if a store or a file cannot be written.
    pub(super) async fn restore_all(&self) -> Result<Restored> {
        let mut restored = Restored::default();
        self.secrets.write(&mut restored)?;
        self.directory
            .restore(self.folder)
            .await
            .context("the directory and the tokens are unchanged")?;
        let filled = self.replace_tokens(&mut restored).await;
        filled.context(
            "the directory is restored, but the tokens are not: run the command again with --replace",
        )?;
        self.restore_audit_file(&mut restored)?;
        Ok(restored)
    }

    /// Replaces all tokens of the store with those of the backup, and records the numbers of tokens in `restored`. If
    /// the store is a gateway's memory, adds a warning to `restored` instead. Fails if the store is unreachable or
    /// the file is damaged.
    async fn replace_tokens(&self, restored: &mut Restored) -> Result<()> {
        match (&self.tokens, self.manifest.tokens) {
            (Some(tokens), Some(_)) => {
                remove_all(tokens.as_ref()).await?;
                self.restore_tokens(tokens.as_ref(), restored).await?;
            }
            (Some(tokens), None) => remove_all(tokens.as_ref()).await?,
            (None, Some(_)) => {
                let text = "tokens.store is memory:, so the tokens of the backup are not restored";
                restored.warnings.push(text.to_owned());
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Writes the tokens of the backup that have not expired to the store, and records in `restored` how many were
    /// written and how many have expired. Fails if the store is unreachable or the file is damaged.
    async fn restore_tokens(&self, store: &dyn TokenStore, restored: &mut Restored) -> Result<()> {
        let file = std::fs::File::open(self.folder.join(TOKENS))?;
        let mut tokens = TokenReader::new(std::io::BufReader::new(file))?;
        let now = SystemClock.now();
        let mut done = 0;
        let mut batch: Vec<StoredToken> = Vec::with_capacity(BATCH_SIZE);
        loop {
            let token = tokens.next_token()?;
            let is_last = token.is_none();
            match token {
                Some(token) if token.record.expires_at <= now => restored.expired += 1,
                token => batch.extend(token),
            }
            if batch.len() == BATCH_SIZE || is_last {
                let writes = batch.iter().map(|token| store.restore(token, now));
                join_all(writes)
                    .await
                    .into_iter()
                    .collect::<Result<Vec<()>, _>>()?;
                done += batch.len() as u64;
                batch.clear();
                output::progress(format_args!("wrote {done} tokens"), is_last);
            }
            if is_last {
                restored.tokens = Some(done);
                return Ok(());
            }
        }
    }

    /// Copies the audit file of the backup, if there is one, to the file of `audit.to`, and adds that file to
    /// `restored`. Adds a warning instead if `audit.to` names no file, or its file already has events. Fails if the
    /// file of `audit.to` cannot be written.
    fn restore_audit_file(&self, restored: &mut Restored) -> Result<()> {
        if !self.manifest.has(AUDIT) {
            return Ok(());
        }
        let copy = self.folder.join(AUDIT);
        let LogTarget::File(file) = &self.sections.audit.to else {
            let text = format!(
                "audit.to names no file, so {} was not restored",
                copy.display()
            );
            restored.warnings.push(text);
            return Ok(());
        };
        let is_empty = file.metadata().map_or(true, |found| found.len() == 0);
        if !is_empty {
            let (file, copy) = (file.display(), copy.display());
            restored.warnings.push(format!(
                "{file} contains events and was not replaced; the file of the backup is {copy}"
            ));
            return Ok(());
        }
        let replace = || match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => copy_lines(&copy, file),
        };
        replace().with_context(|| format!("audit.to: cannot write {}", file.display()))?;
        restored.written.push(file.clone());
        Ok(())
    }
}

/// Fails if the configured directory is another kind of database than the backup's, or its tables have another
/// version.
fn check_database(manifest: &Manifest, sections: &Sections) -> Result<()> {
    let there = DirectoryAddress::from_settings(&sections.directory)?.database();
    let (database, version) = (manifest.directory.database, manifest.directory.version);
    if there != database {
        bail!(
            "directory.url is a different kind of database than the backup's ({database:?}): restore to that \
             kind, then move the directory with isogloss directory export and import"
        );
    }
    let known = BackedUp::VERSION;
    let program = &manifest.program;
    if version > known || (version < known && database == Database::Postgres) {
        bail!(
            "the tables of the backup are of version {version}, and this program's are of version {known}: \
             restore it with the release that made it, {program}, and upgrade then"
        );
    }
    Ok(())
}

/// Fails if a gateway runs at the configured address: it would keep the data in its memory.
fn refuse_running(sections: &Sections) -> Result<()> {
    let management = &sections.management;
    if management.bind.port() == 0 {
        return Ok(());
    }
    let client = HttpClient::new(listener_url(management.bind, management.tls.as_ref())?);
    let response = client.get("/healthz", &[]);
    if response.is_ok_and(|response| response.status() == 200) {
        let base = client.base().as_str();
        bail!("a gateway runs at {base}: stop it first");
    }
    Ok(())
}

/// Opens the token store, or returns `None` if it is a gateway's memory. Fails if a gateway has it open.
fn open_tokens(sections: &Sections) -> Result<Option<Arc<dyn TokenStore>>> {
    match TokenStoreAddress::from_settings(&sections.tokens)? {
        TokenStoreAddress::Memory => Ok(None),
        TokenStoreAddress::Redis(_) => components::shared_tokens(sections),
        TokenStoreAddress::Embedded(path) => {
            let store = components::create_embedded_tokens(&sections.tokens, &path)?;
            let path = path.display();
            let store =
                store.with_context(|| format!("a gateway has {path} open: stop it first"))?;
            Ok(Some(store))
        }
    }
}

/// Removes all tokens of a store. Fails if the store is unreachable.
async fn remove_all(tokens: &dyn TokenStore) -> Result<()> {
    let digests = all_digests(tokens).await?;
    for digests in digests.chunks(BATCH_SIZE) {
        let removals = digests.iter().map(|digest| tokens.remove(*digest));
        join_all(removals)
            .await
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
    }
    Ok(())
}
