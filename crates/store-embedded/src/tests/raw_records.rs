//! Test support: writes records that the embedded store would not write itself.

use async_trait::async_trait;
use isogloss_core::TokenDigest;
use isogloss_store_contract::token_store::Plant;

use crate::{EmbeddedStore, tables};

#[async_trait]
impl Plant for EmbeddedStore {
    async fn plant(&self, digest: TokenDigest, value: &[u8]) {
        let database = self.database.writable().unwrap();
        let transaction = database.begin_write().unwrap();
        let mut tokens = transaction.open_table(tables::TOKENS).unwrap();
        assert!(tokens.insert(digest.as_bytes(), value).unwrap().is_some());
        drop(tokens);
        transaction.commit().unwrap();
    }
}
