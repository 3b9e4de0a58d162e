//! Default lifetimes, exact to the millisecond.

use crate::fixture::{HOUR, INSTANT, World, just_short_of};

#[actix_web::test]
async fn a_re_authentication_token_lives_for_thirty_days_from_its_login() {
    let world = World::new().await;
    let (_, remember) = world.login_on("phone").await;
    world.clock.advance(just_short_of(HOUR * 24 * 30));
    // Using the token does not extend its life.
    world.token_login(&remember).await.session();
    world.clock.advance(INSTANT);
    world.token_login(&remember).await.is_refused();
}

#[actix_web::test]
async fn a_session_lives_for_twelve_hours_used_or_not() {
    let world = World::new().await;
    let session = world.login("ada", "ada-password").await.session();
    world.clock.advance(just_short_of(HOUR * 12));
    assert!(world.is_live(&session).await);
    world.clock.advance(INSTANT);
    assert!(!world.is_live(&session).await);
}
