//! The second factor: one-time codes, recovery codes, and dialects without a field for a code.

use std::net::IpAddr;

use super::*;
use isogloss_core::Network;
use isogloss_core::RecoveryCode;
use isogloss_core::TotpSecret;
use isogloss_core::directory::{Enrolments as _, NewEnrolment};
use isogloss_core::throttle::ClientIp;

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const WANTED: &str = "the second factor is missing or wrong";
/// The codes of the time steps that begin at 0 s, 30 s, 60 s and 90 s. The clock starts at 59 s.
const CODES: [&str; 4] = ["755224", "287082", "359152", "969429"];

impl Fixture {
    async fn with(&self, password: &str, factor: SecondFactor, address: Option<&str>) -> String {
        let source = address.map(|text| ClientIp::from(text.parse::<IpAddr>().unwrap()));
        let credentials = Credentials {
            factor,
            origin: LoginOrigin::new(HERE, source),
            ..credentials("guarded", password)
        };
        match self.auth.login(credentials).await {
            Ok(user) => user.user_name,
            Err(error) => error.to_string(),
        }
    }

    async fn with_code(&self, code: &str) -> String {
        let factor = SecondFactor::Code(Some(code.into()));
        self.with("guarded-pw", factor, None).await
    }

    /// Stores ten recovery codes for the user `guarded`, and returns them.
    async fn recovery_codes(&self) -> Vec<RecoveryCode> {
        let codes = RecoveryCode::fresh_set().unwrap();
        let digests: Vec<_> = codes.iter().map(RecoveryCode::digest).collect();
        let guarded = self.auth.find("guarded").await.unwrap().unwrap();
        let set = self.directory.set_recovery_codes(guarded.id, &digests);
        assert!(set.await.unwrap());
        codes
    }
}

fn policy(rule: SecondFactorRule, networks: &[&str]) -> SecondFactor {
    let networks: Vec<_> = networks
        .iter()
        .map(|text| Network::try_from((*text).to_owned()).unwrap())
        .collect();
    SecondFactor::without_field(rule, &networks)
}

#[tokio::test]
async fn a_code_is_good_once_and_the_ones_before_it_no_more() {
    let f = fixture().await;
    assert_eq!(f.with_code(CODES[1]).await, "guarded");
    for code in [CODES[1], CODES[0], CODES[3], "000000", ""] {
        assert_eq!(f.with_code(code).await, WANTED, "{code}");
    }
    f.clock.advance(Duration::from_secs(1));
    // A used code stays invalid in the next time step.
    assert_eq!(f.with_code(CODES[1]).await, WANTED);
    // A code of the next step is accepted: the clock of the device may be fast.
    assert_eq!(f.with_code(CODES[3]).await, "guarded");
    assert_eq!(f.with_code(CODES[2]).await, WANTED);
}

#[tokio::test]
async fn a_wrong_password_uses_no_code_up() {
    let f = fixture().await;
    let code = || SecondFactor::Code(Some(CODES[1].into()));
    assert_eq!(f.with("wrong", code(), None).await, INVALID);
    assert_eq!(f.with("guarded-pw", code(), None).await, "guarded");
}

#[tokio::test]
async fn a_code_leaves_the_tokens_made_before_it() {
    let f = fixture().await;
    let mut guarded = credentials("guarded", "guarded-pw");
    guarded.factor = SecondFactor::Code(Some(CODES[1].into()));
    let user = f.auth.login(guarded).await.unwrap();
    let terms = Terms::new(Purpose::Access, HOUR);
    let token = f.auth.issue(HERE, &user, terms).await.unwrap().token;
    f.clock.advance(Duration::from_secs(30));
    assert_eq!(f.with_code(CODES[2]).await, "guarded");
    assert!(f.is_live(&token, Purpose::Access).await);
}

#[tokio::test]
async fn of_fifty_with_one_code_one_gets_in() {
    let hashing = PasswordSettings {
        account_share: 100,
        ..hashing()
    };
    let passwords = Passwords::start(hashing).unwrap();
    let f = made_of(None, Audit::default(), passwords).await;
    let codes = f.recovery_codes().await;
    let recovery = codes[0].expose();
    for code in [CODES[1], &recovery] {
        let many = join_all((0..50).map(|_| f.with_code(code))).await;
        let (inside, outside): (Vec<_>, Vec<_>) =
            many.into_iter().partition(|outcome| outcome == "guarded");
        assert_eq!(inside.len(), 1);
        assert!(
            outside.iter().all(|outcome| outcome == WANTED),
            "{outside:?}"
        );
    }
}

#[tokio::test]
async fn a_recovery_code_is_good_once_however_it_is_spelt() {
    let f = fixture().await;
    let codes = f.recovery_codes().await;
    let spelt = codes[0].expose();
    assert_eq!(
        f.with_code(&spelt.to_uppercase().replace('-', " ")).await,
        "guarded"
    );
    assert_eq!(f.with_code(&spelt).await, WANTED);
    assert_eq!(
        f.with_code(&codes[1].expose().replace('-', "")).await,
        "guarded"
    );
    let guarded = f.auth.find("guarded").await.unwrap().unwrap();
    let state = f.directory.enrolment(guarded.id).await.unwrap().unwrap();
    assert_eq!(state.recovery_codes_left, 8);
    // The code of the current time step was not used.
    assert_eq!(f.with_code(CODES[1]).await, "guarded");
}

#[tokio::test]
async fn a_second_factor_ends_the_tokens_made_without_it() {
    let f = fixture().await;
    let issued = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    let letter = f.token("ada", Terms::new(Purpose::Reset, HOUR)).await.token;
    let enrolment = NewEnrolment {
        secret: TotpSecret::from_base32(SECRET).unwrap(),
        confirmed: None,
        recovery_codes: Vec::new(),
        since: f.auth.now(),
    };
    let ada = issued.session.user.id;
    f.directory.enrol(ada, &enrolment).await.unwrap();
    assert!(!f.is_live(&issued.token, Purpose::Access).await);
    assert!(!f.is_live(&letter, Purpose::Reset).await);
    // A login that was in flight when the factor was enrolled does not yield a valid token either.
    let late = f.auth.issue(
        HERE,
        &issued.session.user,
        Terms::new(Purpose::Access, HOUR),
    );
    assert!(!f.is_live(&late.await.unwrap().token, Purpose::Access).await);
    assert_eq!(
        refusal(f.auth.login(credentials("ada", "ada-pw")).await),
        WANTED
    );
}

#[tokio::test]
async fn without_a_field_users_with_a_second_factor_are_refused() {
    let f = fixture().await;
    let refuse = || policy(SecondFactorRule::Refuse, &[]);
    assert_eq!(f.with("guarded-pw", refuse(), None).await, WANTED);
    let appended = format!("guarded-pw{}", CODES[1]);
    assert_eq!(f.with(&appended, refuse(), None).await, INVALID);
    assert_eq!(f.with("wrong", refuse(), None).await, INVALID);
}

#[tokio::test]
async fn an_appended_code_is_taken_off_the_password() {
    let f = fixture().await;
    let codes = f.recovery_codes().await;
    let code = CODES[1];
    for (field, outcome) in [
        ("guarded-pw".to_owned(), WANTED),
        (format!("wrong{code}"), INVALID),
        (format!("guarded-pw {code}"), INVALID),
        ("guarded-pw000000".to_owned(), WANTED),
        (code.to_owned(), INVALID),
        (String::new(), INVALID),
        (format!("guarded-pw{code}"), "guarded"),
        (format!("guarded-pw{code}"), WANTED),
        (format!("wrong{}", codes[0].expose()), INVALID),
        (format!("guarded-pw{}", codes[0].expose()), "guarded"),
        (format!("guarded-pw{}", codes[0].expose()), WANTED),
        // Without its dashes, a recovery code cannot be distinguished from a password.
        (
            format!("guarded-pw{}", codes[1].expose().replace('-', "")),
            INVALID,
        ),
    ] {
        let append = policy(SecondFactorRule::Append, &[]);
        assert_eq!(f.with(&field, append, None).await, outcome, "{field}");
    }
}

#[tokio::test]
async fn of_users_without_a_second_factor_the_whole_field_is_the_password() {
    let f = fixture().await;
    let user = f.auth.find("ada").await.unwrap().unwrap();
    let hash = passwords().hash("ada123456".into()).await.unwrap();
    f.directory.set_password(user.id, &hash).await.unwrap();
    for (field, fits) in [
        ("ada123456", true),
        ("ada", false),
        ("ada123456123456", false),
    ] {
        let mut credentials = credentials("ada", field);
        credentials.factor = policy(SecondFactorRule::Append, &[]);
        assert_eq!(f.auth.login(credentials).await.is_ok(), fits, "{field}");
    }
}

#[tokio::test]
async fn from_an_excused_network_the_password_alone_will_do() {
    let f = fixture().await;
    let networks = ["10.0.0.0/8", "2001:db8::/32"];
    for rule in [SecondFactorRule::Refuse, SecondFactorRule::Append] {
        for (address, outcome) in [
            (Some("10.1.2.3"), "guarded"),
            (Some("::ffff:10.1.2.3"), "guarded"),
            (Some("2001:db8:7::1"), "guarded"),
            (Some("192.0.2.1"), WANTED),
            (None, WANTED),
        ] {
            let tried = f.with("guarded-pw", policy(rule, &networks), address).await;
            assert_eq!(tried, outcome, "{rule:?} {address:?}");
        }
        let wrong = f
            .with("wrong", policy(rule, &networks), Some("10.1.2.3"))
            .await;
        assert_eq!(wrong, INVALID);
    }
    // A dialect with a field for the code grants no exception to networks.
    let field = SecondFactor::Code(None);
    assert_eq!(f.with("guarded-pw", field, Some("10.1.2.3")).await, WANTED);
}

#[tokio::test]
async fn an_appended_code_is_welcome_where_none_is_asked_for() {
    let f = fixture().await;
    let user = f.auth.find("guarded").await.unwrap().unwrap();
    let append = || policy(SecondFactorRule::Append, &["10.0.0.0/8"]);
    let inside = async |field: &str| f.with(field, append(), Some("10.1.2.3")).await;
    assert_eq!(inside(&format!("guarded-pw{}", CODES[1])).await, "guarded");
    assert_eq!(inside("guarded-pw000000").await, INVALID);
    // A password may end with digits that look like a code.
    let hash = passwords().hash("guarded123456".into()).await.unwrap();
    f.directory.set_password(user.id, &hash).await.unwrap();
    assert_eq!(inside("guarded123456").await, "guarded");
    f.clock.advance(Duration::from_secs(30));
    assert_eq!(
        inside(&format!("guarded123456{}", CODES[2])).await,
        "guarded"
    );
    // From other networks, these digits are taken as a code.
    let elsewhere = f.with("guarded123456", append(), Some("192.0.2.1")).await;
    assert_eq!(elsewhere, INVALID);
}
