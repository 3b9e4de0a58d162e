//! Bytes that a release has written: later releases must still read them.

use time::macros::datetime;

use super::*;
use crate::clock::milliseconds;

/// Version 1 of a plain token, and of one with all fields, of which the project was appended last.
const FIRST: &str = concat!(
    "01",
    "0468657265",
    "1000112233445566778899aabbccddeeff",
    "06",
    "00",
    "01036f6e65",
    "00000000000000",
    "8098d2dfbf68",
    "8098d2dfbf68",
    "80e88dfbbf68",
    "00",
);
const FIRST_OF_ALL: &str = concat!(
    "01",
    "0468657265",
    "1000112233445566778899aabbccddeeff",
    "06",
    "00",
    "012430313036633862612d616434362d376330382d653236662d303236383532636237353235",
    "01203031303663386261616434363763303865323666303236383532636237353235",
    "01204545363341383243344645424530324646333445393044443145424135414245",
    "011000000000000000000000000000000001",
    "0102020202020202020202020202020202",
    "010103030303030303030303030303030303",
    "0104040404040404040404040404040404",
    "01e0d4030180e88dfbbf68",
    "8098d2dfbf68",
    "9890d2dfbf68",
    "82d289e3bf68",
    "01010505050505050505050505050505050501",
    "010d",
    "010641207465616d",
    "012430313036433842412d414434362d374330382d453236462d303236383532434237353235",
);
/// Version 2 of both tokens.
const SECOND: &str = concat!(
    "02",
    "0468657265",
    "00112233445566778899aabbccddeeff",
    "06",
    "00",
    "01036f6e65",
    "00",
    "8098d2dfbf68",
    "00",
    "80d0bb1b",
    "00",
);
const SECOND_OF_ALL: &str = concat!(
    "02",
    "0468657265",
    "00112233445566778899aabbccddeeff",
    "06",
    "00",
    "020106c8baad467c08e26f026852cb7525",
    "040106c8baad467c08e26f026852cb7525",
    "8098d2dfbf68",
    "e707",
    "82bab703",
    "01",
    "0100000000000000000000000000000001",
    "010d",
    "0102020202020202020202020202020202",
    "010103030303030303030303030303030303",
    "0104040404040404040404040404040404",
    "01e0d4030180e88dfbbf68",
    "01010505050505050505050505050505050501",
    "05ee63a82c4febe02ff34e90dd1eba5abe",
    "010641207465616d",
    "030106c8baad467c08e26f026852cb7525",
);
/// The fields appended to version 2: a login an hour ago, three tokens in between of which two older ancestors are
/// recorded, an address, and at most ten tokens.
const APPENDED: &str = concat!(
    "0180bab70303020606060606060606060606060606060607070707070707070707070707070707",
    "0108080808080808080808080808080808",
    "010a",
);

fn derived() -> Record {
    Record {
        lineage: Some(Lineage {
            login_at: datetime!(2026-11-21 11:00 UTC),
            depth: 3,
            older_ancestors: vec![[6; 16].into(), [7; 16].into()],
        }),
        address: Some([8; 16].into()),
        at_most: Some(10),
        ..plain()
    }
}

fn plain() -> Record {
    let user = Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
    let life = (
        datetime!(2026-11-21 12:00 UTC),
        datetime!(2026-11-21 20:00 UTC),
    );
    Record {
        generation: 3,
        client: Some("one".to_owned()),
        ..Record::new(Realm::new("here"), user, Purpose::Access, life)
    }
}

fn of_all() -> Record {
    Record {
        client: Some("0106c8ba-ad46-7c08-e26f-026852cb7525".to_owned()),
        application: Some("0106c8baad467c08e26f026852cb7525".to_owned()),
        unit: Some("EE63A82C4FEBE02FF34E90DD1EBA5ABE".to_owned()),
        actor: Some(Uuid::from_u128(1)),
        parent: Some([2; 16].into()),
        slot: Some(Slot::Newest([3; 16].into())),
        seed: Some(postcard::from_bytes(&[4; 16]).unwrap()),
        idle: Some(Idle {
            span: 60_000,
            until: Some(datetime!(2026-11-21 20:00 UTC)),
        }),
        used_at: datetime!(2026-11-21 11:59:59.5 UTC),
        expires_at: datetime!(2026-11-21 13:00:00.001 UTC),
        spent: Some(Redemption {
            child: Some([5; 16].into()),
            again: true,
        }),
        actor_generation: Some(-7),
        team: Some("A team".to_owned()),
        project: Some("0106C8BA-AD46-7C08-E26F-026852CB7525".to_owned()),
        ..plain()
    }
}

fn decode(text: &str) -> Record {
    Record::decode(&hex::decode(text).unwrap()).unwrap()
}

/// Returns the encodings in version 2 and in version 1.
fn encodings(record: &Record) -> [String; 2] {
    record.encodings().unwrap().map(hex::encode)
}

#[test]
fn both_versions_are_read_and_told_again() {
    for (record, second, first) in [
        (plain(), SECOND, FIRST),
        (of_all(), SECOND_OF_ALL, FIRST_OF_ALL),
    ] {
        assert_eq!(encodings(&record), [second, first]);
        assert_eq!(decode(second), record);
        assert_eq!(decode(first), record);
        assert_eq!(hex::encode(record.encode().unwrap()), second);
    }
}

#[test]
fn fields_were_appended_to_version_2() {
    let text = format!("{SECOND}{APPENDED}");
    assert_eq!(hex::encode(derived().encode().unwrap()), text);
    assert_eq!(decode(&text), derived());
}

#[test]
fn an_end_that_was_not_confirmed_was_appended_after_them() {
    let record = plain();
    let ended = record.with_unconfirmed_end();
    let written = ended.encode().unwrap();
    assert_eq!(Record::decode(&written).unwrap(), ended);
    assert!(!ended.is_live(record.issued_at));
    assert_eq!(ended.before_unconfirmed_end(), record);
}

#[test]
fn a_registered_application_was_appended_last() {
    for name in ["Studio", "0106c8ba-ad46-7c08-e26f-026852cb7525"] {
        for record in [plain(), derived(), plain().with_unconfirmed_end()] {
            let record = Record {
                registered_application: Some(name.to_owned()),
                ..record
            };
            assert_eq!(Record::decode(&record.encode().unwrap()).unwrap(), record);
        }
    }
}

/// Checks that an earlier release finds an expired token, not a spent one: a spent token would raise an alarm
/// there.
#[test]
fn an_earlier_release_takes_an_end_that_was_not_confirmed_for_an_expired_token() {
    let record = plain();
    let written = record.with_unconfirmed_end().encode().unwrap();
    let life = milliseconds(record.expires_at) - milliseconds(record.issued_at);
    let appended = postcard::to_allocvec(&Some(life)).unwrap();
    let known = written.strip_suffix(&appended[..]).unwrap();
    let expired = Record {
        expires_at: record.issued_at,
        ..record
    };
    assert_eq!(Record::decode(known).unwrap(), expired);
}

#[test]
fn an_address_was_appended_last() {
    let source = "192.0.2.7".parse().ok();
    let written = format!("{SECOND}00000000000100c0000207");
    assert_eq!(decode(&written), Record { source, ..plain() });
    assert_eq!(encodings(&decode(&written))[0], written);
}

#[test]
fn a_session_of_guids_takes_76_bytes_at_the_most() {
    // With one byte more, Redis takes 16 more for it.
    let record = Record {
        realm: "bimplus".to_owned(),
        client: of_all().client,
        application: of_all().application,
        used_at: plain().expires_at,
        ..plain()
    };
    assert_eq!(record.encode().unwrap().len(), 76);
}

#[test]
fn fields_were_appended_to_version_1() {
    let record = decode(&format!("{FIRST}010e"));
    assert_eq!(record.actor_generation, Some(7));
    assert_eq!(encodings(&record)[1], format!("{FIRST}010e"));
    let record = decode(&format!("{FIRST}0001017400"));
    assert_eq!(record.team.as_deref(), Some("t"));
    assert_eq!(record.project, None);
    assert_eq!(encodings(&record)[1], format!("{FIRST}0001017400"));
}

#[test]
fn what_a_later_release_appended_is_kept() {
    for (which, text) in [
        format!("{SECOND}0000000000002a2b"),
        format!("{FIRST}0000002a2b"),
        format!("{SECOND}{APPENDED}0000002a2b"),
        format!("{FIRST_OF_ALL}2a2b"),
    ]
    .iter()
    .enumerate()
    {
        let mut record = decode(text);
        assert_eq!(record.tail, [0x2a, 0x2b]);
        assert_eq!(encodings(&record)[which % 2], *text);
        record.generation = 4;
        assert!(record.encode().unwrap().ends_with(&[0x2a, 0x2b]));
    }
}

#[test]
fn moments_out_of_range_are_errors() {
    let record = plain();
    let issued = hex::encode(postcard::to_allocvec(&1_795_262_400_000_i64).unwrap());
    let text = SECOND.replacen(&issued, "ffffffffffffffffff01", 1);
    assert_ne!(text, SECOND);
    assert!(Record::decode(&hex::decode(text).unwrap()).is_err());
    let lifetime = hex::encode(postcard::to_allocvec(&28_800_000_i64).unwrap());
    for end in [i64::MAX, i64::MIN, 1 << 60] {
        let end = hex::encode(postcard::to_allocvec(&end).unwrap());
        let text = SECOND.replacen(&lifetime, &end, 1);
        assert_ne!(text, SECOND);
        assert!(Record::decode(&hex::decode(text).unwrap()).is_err());
    }
    assert_eq!(decode(SECOND), record);
}

#[test]
fn what_is_cut_off_is_an_error() {
    let derived = format!("{SECOND}{APPENDED}");
    // Without appended fields, a record is complete.
    let whole = SECOND.len() / 2;
    for text in [FIRST, SECOND, SECOND_OF_ALL, &derived] {
        let bytes = hex::decode(text).unwrap();
        for length in 0..bytes.len() {
            let is_whole = text == derived && length == whole;
            let read = Record::decode(&bytes[..length]);
            assert_eq!(read.is_ok(), is_whole, "{length}");
        }
    }
}

#[test]
fn other_versions_and_rubbish_are_errors() {
    assert!(Record::decode(&[1, 0xff, 0xff]).is_err());
    assert!(Record::decode(&[2, 0xff, 0xff]).is_err());
    let appended = hex::decode(format!("{FIRST}2a")).unwrap();
    assert!(Record::decode(&appended).is_err());
    let error = Record::decode(&[9, 0]).unwrap_err();
    assert_eq!(error.to_string(), "token record: version 9 is not known");
}
