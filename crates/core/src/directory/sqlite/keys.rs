//! Keys of applications.

use async_trait::async_trait;
use sqlx::{QueryBuilder, Sqlite};

use super::read::one_of;
use super::{SqliteDirectory, apply, entries, failed, read};
use crate::directory::digest_keys::{What, ring, ring_as_stored};
use crate::directory::{KeyDigest, KeyEntry, Keys};
use crate::error::StoreError;

#[async_trait]
impl Keys for SqliteDirectory {
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let all = entries::keys(&mut connection, None).await;
        all.map_err(failed)
    }

    async fn add_key(&self, key: &KeyEntry) -> Result<Option<KeyEntry>, StoreError> {
        let ring = ring_as_stored(self).await?;
        let begun = self.pool.begin_with("BEGIN IMMEDIATE").await;
        let mut transaction = begun.map_err(failed)?;
        let what = What::Key { realm: &key.realm };
        let forms = ring.forms(what, key.digest);
        let known = read::key(&mut *transaction, &key.realm, &forms).await;
        if known.map_err(failed)?.is_some() {
            return Ok(None);
        }
        let digest = ring.stored(what, key.digest, self.digests.now())?;
        let key = KeyEntry {
            digest,
            ..key.clone()
        };
        let put = apply::put_key(&mut transaction, &key).await;
        put.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(Some(key))
    }

    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError> {
        let ring = ring(self).await?;
        let mut removal = QueryBuilder::<Sqlite>::new("DELETE FROM keys WHERE realm = ");
        removal.push_bind(realm).push(" AND digest");
        one_of(&mut removal, &ring.forms(What::Key { realm }, digest));
        let done = removal.build().execute(&self.pool).await.map_err(failed)?;
        Ok(done.rows_affected() > 0)
    }
}
