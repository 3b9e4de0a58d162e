//! Keys of applications.

use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, query};

use super::read::bytes_of;
use super::{PostgresDirectory, entries, read, write};
use crate::directory::digest_keys::{What, ring, ring_as_stored};
use crate::directory::rows;
use crate::directory::{KeyDigest, KeyEntry, Keys};
use crate::error::StoreError;

#[async_trait]
impl Keys for PostgresDirectory {
    async fn keys(&self) -> Result<Vec<KeyEntry>, StoreError> {
        self.ask(|c| Box::pin(entries::keys(c, None))).await
    }

    async fn add_key(&self, key: &KeyEntry) -> Result<Option<KeyEntry>, StoreError> {
        let ring = ring_as_stored(self).await?;
        let what = What::Key { realm: &key.realm };
        let forms = ring.forms(what, key.digest);
        let digest = ring.stored(what, key.digest, self.digests.now())?;
        let key = KeyEntry {
            digest,
            ..key.clone()
        };
        self.once(self.timeout, move |c| Box::pin(add(c, key, forms)))
            .await
    }

    async fn remove_key(&self, realm: &str, digest: KeyDigest) -> Result<bool, StoreError> {
        let forms = ring(self).await?.forms(What::Key { realm }, digest);
        let realm = realm.to_owned();
        self.once(self.timeout, move |c| Box::pin(remove(c, realm, forms)))
            .await
    }
}

async fn add(
    connection: &mut PgConnection,
    key: KeyEntry,
    forms: Vec<KeyDigest>,
) -> rows::Result<Option<KeyEntry>> {
    let mut transaction = connection.begin().await?;
    write::alone(&mut transaction).await?;
    let known = read::key(&mut transaction, key.realm.clone(), forms).await?;
    if known.is_some() {
        return Ok(None);
    }
    write::put_key(&mut transaction, &key).await?;
    transaction.commit().await?;
    Ok(Some(key))
}

async fn remove(
    connection: &mut PgConnection,
    realm: String,
    forms: Vec<KeyDigest>,
) -> rows::Result<bool> {
    let done = query("DELETE FROM keys WHERE realm = $1 AND digest = ANY($2)")
        .bind(realm)
        .bind(bytes_of(&forms))
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
