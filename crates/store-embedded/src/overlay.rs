//! A writable view of a storage that accepts no writes: what opening a database writes stays in memory.

use std::collections::HashMap;
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use redb::{BackendError, StorageBackend};

/// Number of bytes in a block, the unit that is kept in memory.
const BLOCK: usize = 4096;

/// A storage, and the writes that were not passed on to it.
#[derive(Debug)]
pub(super) struct Overlay {
    storage: Box<dyn StorageBackend>,
    length: AtomicU64,
    blocks: Mutex<HashMap<u64, Vec<u8>>>,
}

impl Overlay {
    pub(super) fn over(storage: Box<dyn StorageBackend>) -> io::Result<Self> {
        let length = AtomicU64::new(storage.len()?);
        Ok(Self {
            storage,
            length,
            blocks: Mutex::default(),
        })
    }

    /// Returns a block of the storage, with zeros after the storage's end. Fails if the storage cannot be
    /// read.
    fn stored(&self, block: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; BLOCK];
        let offset = block * BLOCK as u64;
        let left = self.storage.len()?.saturating_sub(offset);
        let left = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        if left > 0 {
            self.storage.read(offset, &mut bytes[..left])?;
        }
        Ok(bytes)
    }
}

/// Returns the blocks that contain `length` bytes from `offset`: the number of each, the start within it, and
/// the range of the bytes.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let start = usize::try_from(at % BLOCK as u64).unwrap_or_default();
        let end = length.min(done + BLOCK - start);
        let part = (at / BLOCK as u64, start, done..end);
        (done < length).then(|| {
            done = end;
            part
        })
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.length.load(Ordering::Acquire))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset + out.len() as u64 > self.len()? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if blocks.is_empty() && offset + out.len() as u64 <= self.storage.len()? {
            return self.storage.read(offset, out);
        }
        for (block, start, part) in parts(offset, out.len()) {
            let length = part.len();
            match blocks.get(&block) {
                Some(bytes) => out[part].copy_from_slice(&bytes[start..start + length]),
                None => out[part].copy_from_slice(&self.stored(block)?[start..start + length]),
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.length.store(len, Ordering::Release);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        for (block, start, part) in parts(offset, data.len()) {
            let length = part.len();
            let bytes = match blocks.remove(&block) {
                Some(bytes) => bytes,
                None => self.stored(block)?,
            };
            let bytes = blocks.entry(block).or_insert(bytes);
            bytes[start..start + length].copy_from_slice(&data[part]);
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.storage.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.storage.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.storage.unlock_range(start, end)
    }
}
