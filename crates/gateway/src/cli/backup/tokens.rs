//! The tokens of a backup, from the store or from the gateway that has it open.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use isogloss_core::create_private_file;
use isogloss_core::store::{StoredToken, TokenReader, TokenStore};
use serde::Deserialize;

use super::folder::{PartialBackup, TOKENS};
use ureq::http::Method;

use crate::admin::token_stream::token_stream;
use crate::bootstrap::components;
use crate::cli::output;
use crate::config::{Sections, TokenStoreAddress};
use crate::management_client::{Gateway, ManagementClient};

/// Copies all tokens to the backup, and returns their number, or `None` if a gateway has them in its memory.
/// Fails if the store or the gateway that has it open is unreachable, or the file cannot be written.
pub(super) async fn copy(
    partial: &PartialBackup,
    gateway: &Gateway,
    sections: &Sections,
) -> Result<Option<u64>> {
    let file = partial.path().join(TOKENS);
    let remote = gateway
        .is_named()
        .then(|| open_prepared(gateway, sections))
        .transpose()?;
    match TokenStoreAddress::from_settings(&sections.tokens)? {
        TokenStoreAddress::Memory => return Ok(None),
        TokenStoreAddress::Redis(_) => {
            let store = components::shared_tokens(sections)?.context("tokens.store")?;
            from_store(store, &file).await?;
        }
        TokenStoreAddress::Embedded(path) => {
            if let Some(store) = components::embedded_tokens(&sections.tokens, &path)? {
                from_store(store, &file).await?;
            } else {
                let remote = remote.map_or_else(|| open_prepared(gateway, sections), Ok)?;
                from_gateway(&remote, &file)?;
            }
        }
    }
    count(&file, |_| {}).map(Some)
}

/// Returns a client for the running gateway, after the gateway has written the data in its memory to its
/// stores. Fails if the gateway is unreachable or refuses the request.
fn open_prepared(gateway: &Gateway, sections: &Sections) -> Result<ManagementClient> {
    #[derive(Deserialize)]
    struct Prepared {}
    let remote = ManagementClient::open(gateway, sections)?;
    let Prepared {} = remote.call(&Method::POST, "backup", &())?;
    Ok(remote)
}

/// Writes all tokens of a store to a new file. Fails if the store is unreachable or the file cannot be written.
async fn from_store(store: Arc<dyn TokenStore>, file: &Path) -> Result<()> {
    let mut file = BufWriter::new(new(file)?);
    let mut bytes = pin!(token_stream(store));
    while let Some(bytes) = bytes.next().await {
        file.write_all(&bytes?)?;
    }
    Ok(file.flush()?)
}

/// Writes all tokens of the running gateway's store to a new file. Fails if the gateway is unreachable or the
/// file cannot be written.
fn from_gateway(remote: &ManagementClient, file: &Path) -> Result<()> {
    let mut file = BufWriter::new(new(file)?);
    remote.download("backup/tokens", &mut file)?;
    Ok(file.flush()?)
}

/// Creates a private file. Fails if it exists or cannot be created.
fn new(file: &Path) -> Result<File> {
    let made = create_private_file(file)?;
    made.with_context(|| format!("{} already exists", file.display()))
}

/// Reads all tokens of a backup, calls `show` with each, and returns their number. Fails if the file cannot be
/// read or is truncated.
pub(in crate::cli) fn count(file: &Path, mut show: impl FnMut(StoredToken)) -> Result<u64> {
    const PROGRESS_STEP: u64 = 10_000;
    let mut tokens = TokenReader::new(BufReader::new(File::open(file)?))?;
    let mut count = 0;
    while let Some(token) = tokens.next_token()? {
        show(token);
        count += 1;
        if count % PROGRESS_STEP == 0 {
            output::progress(format_args!("read {count} tokens"), false);
        }
    }
    if count >= PROGRESS_STEP {
        output::progress(format_args!("read {count} tokens"), true);
    }
    Ok(count)
}
