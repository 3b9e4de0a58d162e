//! Records that the store would not write itself.

use async_trait::async_trait;
use isogloss_core::TokenDigest;
use isogloss_store_contract::token_store::Plant;
use redis::cmd;

use super::super::RedisStore;

#[async_trait]
impl Plant for RedisStore {
    async fn plant(&self, digest: TokenDigest, value: &[u8]) {
        let mut set = cmd("SET");
        set.arg(self.client.keys().token(digest))
            .arg(value)
            .arg("XX")
            .arg("KEEPTTL");
        let () = self.client.run(&set).await.unwrap();
    }
}
