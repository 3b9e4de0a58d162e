//! Tokens that are derived from a login end with it, however it is ended.

mod late;
mod listed;

use std::collections::BTreeMap;

use super::*;
use isogloss_core::Session;
use isogloss_core::UserState;

pub(super) const DAY: Duration = Duration::from_hours(24);

/// Tokens that are derived from each other in all possible ways.
struct Family {
    /// Each token with its purpose, by the name that the table below uses.
    tokens: BTreeMap<&'static str, (IssuedToken, Purpose)>,
}

impl Family {
    /// Issues all tokens: Ada logs in with a remember token, hands her session over twice, and requests one more
    /// hand-over. The administrator logs in, impersonates Ada, and opens a browser session.
    async fn of(f: &Fixture) -> Self {
        let mut tokens = BTreeMap::new();
        let remember = f.token("ada", at("desk", Purpose::Remember)).await;
        let access = at("desk", Purpose::Access).derived_from(&remember.session);
        let login = f.token("ada", access.clone()).await;
        f.clock.advance(HOUR);
        let renewed = f.token("ada", access).await;
        let second = hand_over(f, &login.session).await;
        let third = hand_over(f, &second.session).await;
        let asked = Terms::new(Purpose::Handover, DAY).derived_from(&third.session);
        let asked = f.token("ada", asked).await;
        let other = f.token("ada", at("phone", Purpose::Access)).await;

        let admin = f.token("admin", at("desk", Purpose::Access)).await;
        let ada = f
            .auth
            .impersonate(&admin.session, "ada", None)
            .await
            .unwrap();
        let acting = Terms {
            actor: Some(admin.session.acting()),
            ..Terms::new(Purpose::Impersonation, DAY).derived_from(&admin.session)
        };
        let ada = ada.unwrap();
        let acting_once = f.auth.issue(HERE, &ada, acting.clone()).await.unwrap();
        let purpose = Purpose::Impersonation;
        let spent = f.auth.redeem(&acting_once.token, purpose).await.unwrap();
        let browser = Terms {
            actor: spent.actor(),
            ..Terms::new(Purpose::Access, DAY).redeemed_from(&spent)
        };
        let browser = f.auth.issue(HERE, &ada, browser).await.unwrap();
        let acting = f.auth.issue(HERE, &ada, acting).await.unwrap();
        for (name, token, purpose) in [
            ("remember", remember, Purpose::Remember),
            ("login", login, Purpose::Access),
            ("renewed", renewed, Purpose::Access),
            ("second", second, Purpose::Access),
            ("third", third, Purpose::Access),
            ("asked", asked, Purpose::Handover),
            ("other", other, Purpose::Access),
            ("admin", admin, Purpose::Access),
            ("acting", acting, Purpose::Impersonation),
            ("browser", browser, Purpose::Access),
        ] {
            tokens.insert(name, (token, purpose));
        }
        Self { tokens }
    }

    fn get(&self, name: &str) -> &IssuedToken {
        &self.tokens[name].0
    }

    fn handle(&self, name: &str) -> SessionFilter {
        SessionFilter {
            handle: Some(self.get(name).session.digest),
            ..SessionFilter::default()
        }
    }

    /// Returns the names of the tokens that have ended. Redeems the hand-over token.
    async fn ended(&self, f: &Fixture) -> Vec<&'static str> {
        let mut ended = Vec::new();
        for (name, (issued, purpose)) in &self.tokens {
            let live = match purpose {
                Purpose::Handover => f.auth.redeem(&issued.token, *purpose).await.is_ok(),
                Purpose::Access | Purpose::Remember | Purpose::Impersonation | Purpose::Reset => {
                    f.is_live(&issued.token, *purpose).await
                }
            };
            if !live {
                ended.push(*name);
            }
        }
        ended
    }
}

pub(super) fn at(client: &str, purpose: Purpose) -> Terms {
    Terms {
        client: Some(client.to_owned()),
        ..Terms::new(purpose, DAY)
    }
}

pub(super) async fn hand_over(f: &Fixture, session: &Session) -> IssuedToken {
    let cross = Terms::new(Purpose::Handover, HOUR).derived_from(session);
    let cross = f.auth.issue(HERE, &session.user, cross).await.unwrap();
    let spent = f.auth.redeem(&cross.token, Purpose::Handover).await;
    let spent = spent.unwrap();
    let access = Terms::new(Purpose::Access, DAY).redeemed_from(&spent);
    f.auth.issue(HERE, &spent.user, access).await.unwrap()
}

/// One way to end sessions.
enum End {
    /// The bearer of the token logs out.
    LogOut(&'static str),
    /// An operator ends the session of that name, alone or with the sessions derived from it.
    Handle(&'static str, Reach),
    /// An operator ends the session of a token whose bearer has logged out before.
    HandleAfterLogOut(&'static str),
    /// An operator ends the sessions that match the filter.
    Fitting(fn(&mut SessionFilter)),
    /// An operator ends all sessions of a user.
    User(&'static str),
    Disable(&'static str),
    SetPassword(&'static str),
    Reset(&'static str),
    RemoveUser(&'static str),
}

async fn end(f: &Fixture, family: &Family, how: &End) {
    match how {
        End::LogOut(name) => f
            .auth
            .revoke_by_digest(family.get(name).session.digest)
            .await
            .unwrap(),
        End::Handle(name, reach) => {
            let filter = SessionFilter {
                reach: *reach,
                ..family.handle(name)
            };
            f.auth.end_sessions(&filter).await.unwrap();
        }
        End::HandleAfterLogOut(name) => {
            f.auth
                .revoke_by_digest(family.get(name).session.digest)
                .await
                .unwrap();
            f.auth.end_sessions(&family.handle(name)).await.unwrap();
        }
        End::Fitting(fit) => {
            let mut filter = SessionFilter::default();
            fit(&mut filter);
            f.auth.end_sessions(&filter).await.unwrap();
        }
        End::User(name) => {
            let filter = SessionFilter {
                user: Some(f.user(name).await.id),
                ..SessionFilter::default()
            };
            f.auth.end_sessions(&filter).await.unwrap();
        }
        End::Disable(name) => {
            let id = f.user(name).await.id;
            let disabled = UserState::Disabled;
            f.directory.set_state(id, disabled).await.unwrap();
        }
        End::SetPassword(name) => {
            let id = f.user(name).await.id;
            f.directory.set_password(id, "$2b$04$").await.unwrap();
        }
        End::Reset(name) => {
            let key = f.token(name, Terms::new(Purpose::Reset, HOUR)).await;
            let password = "a new one".into();
            f.auth.reset_password(&key.token, password).await.unwrap();
        }
        End::RemoveUser(name) => {
            let id = f.user(name).await.id;
            f.tokens.remove_user(id).await.unwrap();
        }
    }
}

const ADAS: [&str; 9] = [
    "acting", "asked", "browser", "login", "other", "remember", "renewed", "second", "third",
];
const OF_ADMIN: [&str; 3] = ["acting", "admin", "browser"];
const OF_LOGIN: [&str; 4] = ["asked", "login", "second", "third"];
const OF_REMEMBER: [&str; 6] = ["asked", "login", "remember", "renewed", "second", "third"];
const ALL: [&str; 10] = [
    "acting", "admin", "asked", "browser", "login", "other", "remember", "renewed", "second",
    "third",
];

#[tokio::test]
async fn each_way_of_ending_reaches_what_came_of_it() {
    let cases: &[(End, &[&str])] = &[
        // A logout ends one token, and the unused one-time tokens that were requested with it.
        (End::LogOut("login"), &["login"]),
        (End::LogOut("third"), &["asked", "third"]),
        (End::LogOut("remember"), &["remember"]),
        (End::LogOut("admin"), &["admin"]),
        (End::Handle("remember", Reach::Derived), &OF_REMEMBER),
        (End::Handle("remember", Reach::Chosen), &["remember"]),
        (End::Handle("renewed", Reach::Derived), &["renewed"]),
        (End::Handle("login", Reach::Derived), &OF_LOGIN),
        (
            End::Handle("second", Reach::Derived),
            &["asked", "second", "third"],
        ),
        (End::Handle("second", Reach::Chosen), &["second"]),
        (End::Handle("third", Reach::Derived), &["asked", "third"]),
        (End::Handle("admin", Reach::Derived), &OF_ADMIN),
        (End::Handle("acting", Reach::Derived), &["acting"]),
        (End::HandleAfterLogOut("login"), &OF_LOGIN),
        (End::HandleAfterLogOut("remember"), &OF_REMEMBER),
        (End::HandleAfterLogOut("admin"), &OF_ADMIN),
        (
            End::Fitting(|filter| filter.client = Some("phone".to_owned())),
            &["other"],
        ),
        // The administrator's client is named "desk", too.
        (
            End::Fitting(|filter| filter.client = Some("desk".to_owned())),
            &[
                "acting", "admin", "asked", "browser", "login", "remember", "renewed", "second",
                "third",
            ],
        ),
        (
            End::Fitting(|filter| filter.dialect = Some("here".to_owned())),
            &ALL,
        ),
        (
            End::Fitting(|filter| filter.dialect = Some("there".to_owned())),
            &[],
        ),
        // Before the hour has passed after which Ada uses the remember token again and hands over.
        (
            End::Fitting(|filter| {
                filter.issued_before = Some(datetime!(1970-01-01 00:30:00 UTC));
            }),
            &OF_REMEMBER,
        ),
        (End::Fitting(|_| {}), &ALL),
        (End::User("ada"), &ADAS),
        (End::User("admin"), &OF_ADMIN),
        (End::Disable("ada"), &ADAS),
        (End::Disable("admin"), &OF_ADMIN),
        (End::SetPassword("ada"), &ADAS),
        (End::SetPassword("admin"), &OF_ADMIN),
        (End::Reset("ada"), &ADAS),
        (End::Reset("admin"), &OF_ADMIN),
        (End::RemoveUser("ada"), &ADAS),
        (End::RemoveUser("admin"), &OF_ADMIN),
    ];
    let mut missed = Vec::new();
    for (number, (how, expected)) in cases.iter().enumerate() {
        let f = fixture().await;
        let family = Family::of(&f).await;
        end(&f, &family, how).await;
        let ended = family.ended(&f).await;
        if ended != *expected {
            missed.push((number, ended));
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}
