//! Erasing a user removes the throttle's counts for that user.

use super::*;

#[tokio::test]
async fn counts_and_known_clients_of_an_erased_user_are_removed_and_no_others() {
    let f = limited().await;
    for name in ["guarded", "stranger"] {
        assert_eq!(f.try_from(origin(HOME, None), name, "x").await, Wrong);
    }
    assert_eq!(f.try_from(origin(HOME, None), "ada", "ada-pw").await, In);
    let ada = f.auth.find("ada").await.unwrap().unwrap();
    for name in ["ada", "guarded@example.com"] {
        assert_eq!(f.try_from(origin(ELSEWHERE, None), name, "x").await, Wrong);
    }
    let before = counted(&f.auth, ThrottleFilter::default()).await;
    let guarded = f.auth.find("guarded").await.unwrap().unwrap();
    let erased = f.auth.erase(&guarded).await.unwrap();
    assert_eq!(erased.counts, 2, "one for each name");
    let after = counted(&f.auth, ThrottleFilter::default()).await;
    assert_eq!(after.len(), before.len() - 2);
    assert!(after.iter().all(|strained| before.contains(strained)));
    let erased = f.auth.erase(&ada).await.unwrap();
    assert_eq!(erased.counts, 2, "a count, and the client that was known");
}
