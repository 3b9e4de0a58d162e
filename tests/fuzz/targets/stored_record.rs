//! Records of tokens as a store gives them back, whole or damaged.
#![no_main]

use isogloss_core::fuzzing::{record, stored, used};
use libfuzzer_sys::fuzz_target;
use time::OffsetDateTime;

fuzz_target!(|bytes: &[u8]| {
    let Some(read) = record(bytes) else {
        return;
    };
    let kept = stored(&read).unwrap();
    assert_eq!(record(&kept).as_ref(), Some(&read));
    // A use never brings the end nearer.
    for now in [OffsetDateTime::UNIX_EPOCH, read.issued_at, read.expires_at] {
        if let Some(after) = used(&read, now) {
            assert!(after.expires_at >= read.expires_at && after.used_at == now);
        }
    }
});
