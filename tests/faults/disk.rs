//! The disk under the embedded store is full.

use conformance::Store;

use crate::small_disk::SmallDisk;
use crate::{gateway, survives};

#[test]
fn it_fills_up_and_is_cleared() {
    let disk = SmallDisk::mount();
    let gateway = gateway(Store::Embedded)
        .folder(disk.path())
        .start()
        .unwrap();
    gateway.wait_until_ready().unwrap();
    survives("disk full", &gateway, || disk.fill(), || disk.empty());
}
