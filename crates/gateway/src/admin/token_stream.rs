//! Stream of all tokens of a store for a backup, page by page as it is read.

use std::sync::Arc;

use actix_web::rt;
use actix_web::web::Bytes;
use futures_util::stream::{Stream, StreamExt as _, once, unfold};
use isogloss_core::StoreError;
use isogloss_core::store::{TokenStore, TokenWriter, export};
use tokio::sync::mpsc::channel;

/// Returns all tokens of a store in the format of a backup, page by page as the stream is read. If the store
/// fails, the stream ends with an error and without the end mark.
pub(crate) fn token_stream(
    store: Arc<dyn TokenStore>,
) -> impl Stream<Item = Result<Bytes, StoreError>> {
    let (sender, pages) = channel(1);
    let exporting = rt::spawn(async move { export(store.as_ref(), &sender).await });
    let writer = TokenWriter::default();
    let start = Bytes::from(writer.start());
    let rest = unfold(Some((writer, pages, exporting)), |state| async {
        let (mut writer, mut pages, exporting) = state?;
        if let Some(page) = pages.recv().await {
            let bytes = writer.page(&page).map(Bytes::from);
            let next = bytes.is_ok().then_some((writer, pages, exporting));
            return Some((bytes, next));
        }
        let outcome = match exporting.await {
            Ok(exported) => exported.map(|()| Bytes::from(writer.end())),
            Err(error) => Err(StoreError::new("backup of tokens", error)),
        };
        Some((outcome, None))
    });
    once(async { Ok(start) }).chain(rest)
}
