//! Any content that a directory can have, and the ids that the SDK sends.

use isogloss_core::{Organisation, Role, Unit, User, UserState};
use proptest::prelude::*;
use uuid::Uuid;

use crate::team_ids::guids;

/// Generates any text: empty, of any characters, or long.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<String>(),
        1 => Just(String::new()),
        1 => "[ -~]{0,12}",
        1 => Just("Stra\u{df}e \u{1f3d7}\u{fe0f} \u{202e}\u{0}\u{1b}[2J \"\\</script>".to_owned()),
        1 => (1_usize..300).prop_map(|length| "long name ".repeat(length)),
    ]
}

/// Generates a GUID in one of its spellings.
fn guid() -> impl Strategy<Value = String> {
    let uuid = prop_oneof![
        4 => any::<u128>().prop_map(Uuid::from_u128),
        1 => Just(Uuid::nil()),
        1 => "[A-Z]{0,2}".prop_map(|unit| guids(&[&unit])[0]),
        1 => Just(Uuid::from_u128(0xEE63_A82C_4FEB_E02F_F34E_90DD_1EBA_5ABE)),
    ];
    (uuid, 0..4).prop_map(|(uuid, spelling)| match spelling {
        0 => uuid.to_string(),
        1 => uuid.simple().to_string().to_uppercase(),
        2 => uuid.braced().to_string(),
        _ => uuid.urn().to_string(),
    })
}

/// Generates up to five units with different ids.
pub(crate) fn units() -> impl Strategy<Value = Vec<Unit>> {
    let id = prop_oneof![2 => text(), 2 => guid(), 1 => "[A-Z]{0,2}"];
    let units = proptest::collection::hash_map(id, text(), 0..6);
    units.prop_map(|units| {
        units
            .into_iter()
            .map(|(id, name)| Unit { id, name })
            .collect()
    })
}

/// Generates a user with these units.
pub(crate) fn user(units: &[Unit]) -> impl Strategy<Value = User> + use<> {
    let units: Vec<_> = units.iter().map(|unit| unit.id.clone()).collect();
    let organisation = (any::<u128>(), text());
    let names = (text(), text(), text(), proptest::option::of(text()));
    (any::<u128>(), any::<i64>(), names, organisation).prop_map(
        move |(id, number, (user_name, first_name, last_name, email), (organisation, name))| User {
            id: Uuid::from_u128(id),
            number,
            user_name,
            email,
            first_name,
            last_name,
            image_url: String::new(),
            language: None,
            role: Role::Linguist,
            organisation: Organisation {
                id: Uuid::from_u128(organisation),
                name,
            },
            default_unit: units.first().cloned(),
            units: units.clone(),
            state: UserState::Active,
            generation: 0,
        },
    )
}

/// Generates a client or application id as the SDK sends it: `None`, zeros, or a GUID with dashes or without.
pub(crate) fn sent_id() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        Just(Some(Uuid::nil().to_string())),
        any::<u128>().prop_map(|id| Some(Uuid::from_u128(id).to_string())),
        any::<u128>().prop_map(|id| Some(Uuid::from_u128(id).to_string().to_uppercase())),
        any::<u128>().prop_map(|id| Some(Uuid::from_u128(id).simple().to_string())),
    ]
}
