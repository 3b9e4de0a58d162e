//! Backups of tokens, in a format that is the same for all stores.
//!
//! A backup begins with [`MAGIC`]. Each token has its digest (16 bytes), whether it holds its slot (one byte, 0
//! or 1), the length of its record (four bytes, big-endian), and the record as stores keep it. The end is 16
//! zero bytes, one byte, 2, and the number of tokens (eight bytes, big-endian): a backup without it is cut
//! short.

use std::io::{ErrorKind, Read};
use std::ops::ControlFlow;

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use tokio::sync::mpsc::Sender;

use super::{Record, TokenStore};
use crate::error::StoreError;
use crate::token_digest::TokenDigest;

/// The first bytes of a backup of tokens.
const MAGIC: &[u8] = b"isogloss tokens 1\n";
/// Marks the end, in the byte in which tokens have whether they hold a slot.
const END: u8 = 2;
/// The maximum length of a record in bytes, more than any record has. A greater length is damage.
const LONGEST: usize = 64 * 1024;
/// The number of tokens in a page.
const PAGE: usize = 500;
/// The number of concurrent lookups.
const AT_ONCE: usize = 32;

/// A token of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// The digest of the token.
    pub digest: TokenDigest,
    /// The record of the token.
    pub record: Record,
    /// Whether the token holds the slot in its record.
    pub holds_slot: bool,
}

/// Sends all tokens, a page at a time, and waits whenever the receiver does not keep up. Tokens that are added
/// or removed concurrently may be included or not. Ends early, without an error, if the receiver is gone.
///
/// # Errors
///
/// [`StoreError`] if the store is unreachable.
pub async fn export(
    store: &dyn TokenStore,
    pages: &Sender<Vec<StoredToken>>,
) -> Result<(), StoreError> {
    let digests = all_digests(store).await?;
    for page in digests.chunks(PAGE) {
        let lookups = iter(page).map(|digest| look_up(store, *digest));
        let found: Vec<_> = lookups.buffered(AT_ONCE).collect().await;
        let found: Result<Vec<_>, _> = found.into_iter().filter_map(Result::transpose).collect();
        if pages.send(found?).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Returns the digests of all tokens, including expired ones, but without those whose record cannot be decoded.
///
/// # Errors
///
/// [`StoreError`] if the store is unreachable.
pub async fn all_digests(store: &dyn TokenStore) -> Result<Vec<TokenDigest>, StoreError> {
    let mut digests = Vec::new();
    let collect = &mut |digest, _| {
        digests.push(digest);
        ControlFlow::Continue(())
    };
    store.scan(collect).await?;
    Ok(digests)
}

/// Returns a token with its record, and whether it holds its slot. `None` if there is no record. `Err` if the
/// store is unreachable, or the record cannot be decoded.
async fn look_up(
    store: &dyn TokenStore,
    digest: TokenDigest,
) -> Result<Option<StoredToken>, StoreError> {
    let Some(record) = store.get(digest).await? else {
        return Ok(None);
    };
    let holds_slot = match record.slot {
        Some(slot) => store.slot_holder(*slot.digest()).await? == Some(digest),
        None => false,
    };
    let record = (*record).clone();
    Ok(Some(StoredToken {
        digest,
        record,
        holds_slot,
    }))
}

/// Writes a backup of tokens.
#[derive(Debug, Default)]
pub struct TokenWriter {
    count: u64,
}

impl TokenWriter {
    /// Returns the bytes of a backup before the first token.
    pub fn start(&self) -> Vec<u8> {
        MAGIC.to_vec()
    }

    /// Returns the bytes of some tokens, and counts them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if a record cannot be encoded.
    pub fn page(&mut self, tokens: &[StoredToken]) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        for token in tokens {
            let record = token.record.encode()?;
            let length = u32::try_from(record.len()).map_err(failed)?;
            bytes.extend_from_slice(token.digest.as_bytes());
            bytes.push(token.holds_slot.into());
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&record);
            self.count += 1;
        }
        Ok(bytes)
    }

    /// Returns the bytes of a backup after the last token, with the number of tokens.
    pub fn end(&self) -> Vec<u8> {
        let mut bytes = vec![0; 16];
        bytes.push(END);
        bytes.extend_from_slice(&self.count.to_be_bytes());
        bytes
    }
}

/// Reads a backup of tokens.
pub struct TokenReader<R> {
    input: R,
    count: u64,
}

impl<R: Read> TokenReader<R> {
    /// Creates a reader of the tokens in a backup, after checking the bytes before the first token.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the input cannot be read, or is no backup of tokens.
    pub fn new(mut input: R) -> Result<Self, StoreError> {
        let mut magic = [0; MAGIC.len()];
        fill(&mut input, &mut magic)?;
        if magic != MAGIC {
            return Err(failed("it does not begin as a backup of tokens does"));
        }
        Ok(Self { input, count: 0 })
    }

    /// Reads the next token. Returns `None` at the end of the backup.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the input cannot be read, if the backup is cut short or damaged, or if a record cannot
    /// be decoded.
    pub fn next_token(&mut self) -> Result<Option<StoredToken>, StoreError> {
        let mut head = [0; 17];
        fill(&mut self.input, &mut head)?;
        let (digest, kind) = (&head[..16], head[16]);
        if kind == END {
            return self.check_the_end().map(|()| None);
        }
        let mut length = [0; 4];
        fill(&mut self.input, &mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(failed)?;
        if kind > 1 || length > LONGEST {
            return Err(failed(format_args!("token {} is damaged", self.count + 1)));
        }
        let mut record = vec![0; length];
        fill(&mut self.input, &mut record)?;
        self.count += 1;
        let mut bytes = [0; 16];
        bytes.copy_from_slice(digest);
        Ok(Some(StoredToken {
            digest: bytes.into(),
            record: Record::decode(&record)?,
            holds_slot: kind == 1,
        }))
    }

    /// Checks that the backup has as many tokens as its end says, and that nothing follows. `Err` if not, or if
    /// the input cannot be read.
    fn check_the_end(&mut self) -> Result<(), StoreError> {
        let mut count = [0; 8];
        fill(&mut self.input, &mut count)?;
        let more = self.input.read(&mut [0]).map_err(failed)?;
        if u64::from_be_bytes(count) != self.count || more > 0 {
            return Err(failed("it does not have as many tokens as it says"));
        }
        Ok(())
    }
}

/// Reads exactly as many bytes as there is room for. `Err` if the input ends before, or cannot be read.
fn fill(input: &mut impl Read, bytes: &mut [u8]) -> Result<(), StoreError> {
    input.read_exact(bytes).map_err(|error| {
        if error.kind() == ErrorKind::UnexpectedEof {
            return failed("it is cut short");
        }
        failed(error)
    })
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("backup of tokens", error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;
    use crate::purpose::Purpose;
    use crate::token::Realm;

    fn backup() -> (Vec<StoredToken>, Vec<u8>) {
        let now = datetime!(2026-11-21 12:00 UTC);
        let life = (now, now + Duration::from_hours(1));
        let tokens: Vec<_> = (0..3)
            .map(|number| StoredToken {
                digest: [number; 16].into(),
                record: Record::new(
                    Realm::new("here"),
                    uuid::Uuid::new_v4(),
                    Purpose::Access,
                    life,
                ),
                holds_slot: number == 1,
            })
            .collect();
        let mut writer = TokenWriter::default();
        let page = writer.page(&tokens).unwrap();
        let bytes = [writer.start(), page, writer.end()].concat();
        (tokens, bytes)
    }

    fn read(bytes: &[u8]) -> Result<Vec<StoredToken>, StoreError> {
        let mut reader = TokenReader::new(bytes)?;
        let mut tokens = Vec::new();
        while let Some(token) = reader.next_token()? {
            tokens.push(token);
        }
        Ok(tokens)
    }

    #[test]
    fn what_was_written_is_read() {
        let (tokens, bytes) = backup();
        assert_eq!(read(&bytes).unwrap(), tokens);
    }

    #[test]
    fn what_is_cut_short_or_goes_on_is_refused() {
        let (_, mut bytes) = backup();
        for length in 0..bytes.len() {
            let error = read(&bytes[..length]).unwrap_err().to_string();
            assert!(error.contains("cut short"), "{length}: {error}");
        }
        bytes.push(0);
        assert!(read(&bytes).is_err());
    }
}
