//! Links by e-mail that set a password: how long they are valid, and for what.

use super::*;
use isogloss_core::directory::Enrolments as _;
use isogloss_core::{
    ACCOUNT_REALM, AccountLink, ENROLMENT_REALM, LinkError, PasswordChange, PasswordPolicy,
};

const POLICY: PasswordPolicy = PasswordPolicy {
    min_length: 10,
    min_score: 3,
};
const GOOD: &str = "tundra violin 72 kettle";

impl Fixture {
    async fn link(&self, kind: AccountLink) -> Token {
        let user = self.auth.find("guarded").await.unwrap().unwrap();
        let issued = self.auth.issue_account_link(&user, kind, HOUR).await;
        issued.unwrap().token
    }

    async fn ada_link(&self) -> Token {
        let user = self.auth.find("ada").await.unwrap().unwrap();
        let issued = self
            .auth
            .issue_account_link(&user, AccountLink::Reset, HOUR);
        issued.await.unwrap().token
    }

    async fn follow(&self, link: &Token, password: &str) -> Result<PasswordChange, LinkError> {
        let password = password.into();
        self.auth
            .set_password_by_link(link, password, &POLICY)
            .await
    }
}

#[tokio::test]
async fn a_link_is_good_until_its_lifetime_ends_and_for_one_password() {
    let f = fixture().await;
    let link = f.ada_link().await;
    f.clock.advance(Duration::from_mins(59));
    let refused = f.follow(&link, "password1234").await.unwrap_err();
    assert!(matches!(refused, LinkError::Policy(_)), "{refused}");
    assert_eq!(f.auth.user_of_link(&link).await.unwrap().user_name, "ada");
    f.follow(&link, GOOD).await.unwrap();
    let refused = f.follow(&link, GOOD).await.unwrap_err();
    assert_eq!(refused.to_string(), DEAD);
    f.auth.login(credentials("ada", GOOD)).await.unwrap();

    let late = f.ada_link().await;
    f.clock.advance(Duration::from_mins(61));
    assert_eq!(refusal(f.auth.user_of_link(&late).await), DEAD);
    let refused = f.follow(&late, "another violin 72 kettle").await;
    assert_eq!(refused.unwrap_err().to_string(), DEAD);
}

#[tokio::test]
async fn of_many_at_once_one_sets_the_password() {
    let f = fixture().await;
    let link = f.ada_link().await;
    let passwords: Vec<_> = (0..4).map(|n| format!("{GOOD} {n}")).collect();
    let all = passwords.iter().map(|password| f.follow(&link, password));
    let done = join_all(all).await;
    assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1, "{done:?}");
    let mut right = 0;
    for password in &passwords {
        let login = f.auth.login(credentials("ada", password)).await;
        right += usize::from(login.is_ok());
    }
    assert_eq!(right, 1);
}

#[tokio::test]
async fn an_enrolment_sets_no_password_and_is_open_for_half_an_hour() {
    let f = fixture().await;
    let change = f.follow(&f.ada_link().await, GOOD).await.unwrap();
    let token = change.enrolment.unwrap();
    assert_eq!(token.realm(), ENROLMENT_REALM);
    let refused = f.follow(&token, "another violin 72 kettle").await;
    assert_eq!(refused.unwrap_err().to_string(), DEAD);
    // Nor under the name of the other realm.
    let renamed = Token::from_hex(ACCOUNT_REALM, &token.hex()).unwrap();
    assert_eq!(refusal(f.auth.user_of_link(&renamed).await), DEAD);

    let first = f.auth.pending_enrolment(&token).await.unwrap();
    let wrong = f.auth.enrol_by_token(&token, "12345").await;
    assert_eq!(
        refusal(wrong),
        "the second factor is missing or wrong",
        "and the token stays valid"
    );
    let again = f.auth.pending_enrolment(&token).await.unwrap();
    assert_eq!(first.secret.expose(), again.secret.expose());
    f.clock.advance(Duration::from_mins(30));
    assert_eq!(refusal(f.auth.pending_enrolment(&token).await), DEAD);
    let ada = f.auth.login(credentials("ada", GOOD)).await.unwrap();
    assert!(f.directory.enrolment(ada.id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_second_factor_stays_on_and_no_other_is_offered() {
    let f = fixture().await;
    let link = f.link(AccountLink::Invitation).await;
    let change = f.follow(&link, GOOD).await.unwrap();
    assert!(change.enrolment.is_none());
    let login = f.auth.login(credentials("guarded", GOOD)).await;
    assert_eq!(refusal(login), "the second factor is missing or wrong");
}

#[tokio::test]
async fn a_link_of_another_kind_does_not_end_a_link() {
    let f = fixture().await;
    let invitation = f.link(AccountLink::Invitation).await;
    let first = f.link(AccountLink::Reset).await;
    let second = f.link(AccountLink::Reset).await;
    assert_eq!(refusal(f.auth.user_of_link(&first).await), DEAD);
    f.auth.user_of_link(&second).await.unwrap();
    f.auth.user_of_link(&invitation).await.unwrap();
    f.follow(&second, GOOD).await.unwrap();
    assert_eq!(refusal(f.auth.user_of_link(&invitation).await), DEAD);
}
