//! Tests of the unit and the team of a session.

use time::macros::datetime;

use super::*;
use crate::pepper::Pepper;
use crate::token::Realm;
use crate::user::{Organisation, Role, UserState};

const HEAD: &str = "HEAD";

/// Returns a session of a user with these units, whose record names that unit and team.
fn session(units: &[&str], unit: Option<&str>, team: Option<&str>) -> Session {
    let realm = Realm::new("bimplus");
    let user = User {
        id: Uuid::from_u128(1),
        number: 1,
        user_name: "ada".to_owned(),
        email: None,
        first_name: String::new(),
        last_name: String::new(),
        image_url: String::new(),
        language: None,
        role: Role::Linguist,
        organisation: Organisation {
            id: Uuid::from_u128(7),
            name: "Acme".to_owned(),
        },
        units: units.iter().map(|unit| (*unit).to_owned()).collect(),
        default_unit: None,
        state: UserState::Active,
        generation: 0,
    };
    let times = (
        datetime!(2026-01-01 0:00 UTC),
        datetime!(2026-01-02 0:00 UTC),
    );
    let record = Record {
        unit: unit.map(str::to_owned),
        team: team.map(str::to_owned),
        ..Record::new(realm, user.id, Purpose::Access, times)
    };
    let pepper = Pepper::new(b"0123456789abcdef".as_slice()).unwrap();
    Session {
        user: Arc::new(user),
        digest: Token::random(realm).unwrap().digest(&pepper),
        record: Arc::new(record),
    }
}

#[test]
fn a_unit_that_was_taken_away_is_told_no_longer() {
    let has = session(&["BRANCH", HEAD], Some(HEAD), Some("a team"));
    assert_eq!((has.unit(), has.team()), (Some(HEAD), Some("a team")));
    for units in [&["BRANCH"][..], &[]] {
        let had = session(units, Some(HEAD), Some("a team"));
        assert_eq!((had.unit(), had.team()), (None, None));
    }
}

#[test]
fn a_team_that_an_earlier_release_recorded_unchecked_is_not_told() {
    let organisation = Uuid::from_u128(7).to_string();
    assert_eq!(session(&[HEAD], None, Some("7")).team(), None);
    assert_eq!(session(&[HEAD], None, Some(&organisation)).team(), None);
    assert_eq!(session(&[], None, Some("7")).team(), None);
    let of_all = session(&[], None, Some(&organisation));
    assert_eq!(of_all.team(), Some(organisation.as_str()));
}
