//! Tokens in e-mails are bound to the address that the e-mail was sent to.

use super::*;
use isogloss_core::directory::{Change, Patch, UserEdit};

const ADDRESS: &str = "ada@example.com";

fn letter(purpose: Purpose) -> Terms {
    Terms {
        address: Some(ADDRESS.into()),
        ..Terms::new(purpose, HOUR)
    }
}

async fn move_to(f: &Fixture, email: &str) {
    let user = f.user("ada").await.id;
    let edit = Box::new(UserEdit {
        email: Patch::Set(email.to_owned()),
        ..UserEdit::default()
    });
    let edit = Change::EditUser { user, edit };
    f.directory.change(edit).await.unwrap();
}

#[tokio::test]
async fn a_letter_is_good_at_the_address_it_was_sent_to() {
    let f = fixture().await;
    move_to(&f, ADDRESS).await;
    let link = f.token("ada", letter(Purpose::Handover)).await;
    let key = f.token("ada", letter(Purpose::Reset)).await;
    // The same mailbox, in another case.
    move_to(&f, "Ada@Example.com").await;
    assert!(f.is_live(&key.token, Purpose::Reset).await);
    f.auth.redeem(&link.token, Purpose::Handover).await.unwrap();
    let password = f.auth.reset_password(&key.token, "a new one".into()).await;
    assert_eq!(password.unwrap().user_name, "ada");
}

#[tokio::test]
async fn a_letter_ends_with_the_address() {
    let f = fixture().await;
    move_to(&f, ADDRESS).await;
    let link = f.token("ada", letter(Purpose::Handover)).await;
    let key = f.token("ada", letter(Purpose::Reset)).await;
    let session = f.token("ada", Terms::new(Purpose::Access, HOUR)).await;
    assert_eq!(
        f.auth
            .sessions(&SessionFilter::default(), 9)
            .await
            .unwrap()
            .len(),
        3
    );
    move_to(&f, "ada@example.org").await;
    assert_eq!(
        f.auth
            .sessions(&SessionFilter::default(), 9)
            .await
            .unwrap()
            .len(),
        1
    );
    let refused = f.auth.redeem(&link.token, Purpose::Handover).await;
    assert_eq!(refusal(refused), DEAD);
    let refused = f.auth.reset_password(&key.token, "a new one".into()).await;
    assert_eq!(refused.unwrap_err().to_string(), DEAD);
    assert!(f.is_live(&session.token, Purpose::Access).await);
}

#[tokio::test]
async fn a_letter_ends_with_an_address_that_an_import_changes() {
    let f = fixture().await;
    move_to(&f, ADDRESS).await;
    let link = f.token("ada", letter(Purpose::Handover)).await;
    let moved = "users = [{ user_name = 'ada', organisation = 'ACME', email = 'ada@example.org' }]";
    let file = File::parse(Path::new("users.toml"), moved).unwrap();
    import(f.directory.as_ref(), &passwords(), file, |_| {})
        .await
        .unwrap();
    let refused = f.auth.redeem(&link.token, Purpose::Handover).await;
    assert_eq!(refusal(refused), DEAD);
}

#[tokio::test]
async fn a_letter_outlives_a_new_pepper() {
    let f = fixture().await;
    move_to(&f, ADDRESS).await;
    let link = f.token("ada", letter(Purpose::Handover)).await;
    let rotated = peppers::under(&f, peppers::NEW, Some(peppers::OLD));
    rotated
        .redeem(&link.token, Purpose::Handover)
        .await
        .unwrap();
}

#[tokio::test]
async fn letters_about_different_topics_stand_side_by_side() {
    let f = fixture().await;
    let about = |topic| Terms {
        topic: Some(topic),
        concurrency: Concurrency::OnePerClient,
        ..Terms::new(Purpose::Handover, HOUR)
    };
    let invitation = f.token("ada", about("invitation")).await;
    let first = f.token("ada", about("reset")).await;
    let second = f.token("ada", about("reset")).await;
    let live = async |issued: &IssuedToken| f.is_live(&issued.token, Purpose::Handover).await;
    assert!(live(&invitation).await);
    assert!(!live(&first).await);
    assert!(live(&second).await);
}
