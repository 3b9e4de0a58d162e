//! Records that the store would not write itself.

use ::redis::cmd;
use async_trait::async_trait;

use super::super::RedisStore;
use crate::store::contract::Plant;
use crate::token_digest::TokenDigest;

#[async_trait]
impl Plant for RedisStore {
    async fn plant(&self, digest: TokenDigest, value: &[u8]) {
        let mut set = cmd("SET");
        set.arg(self.link.keys().token(digest))
            .arg(value)
            .arg("XX")
            .arg("KEEPTTL");
        let () = self.link.ask(&set).await.unwrap();
    }
}
