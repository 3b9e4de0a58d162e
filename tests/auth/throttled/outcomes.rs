//! No sequence of responses reveals that a password was right although something else is missing.

use super::*;

/// Returns what a caller sees of twenty attempts in a dialect without a field for the code.
async fn answers(name: &str, password: &str, rule: SecondFactorRule) -> Vec<(&'static str, u64)> {
    let f = limited().await;
    let mut answers = Vec::new();
    for number in 0..20 {
        let credentials = Credentials {
            factor: isogloss_core::SecondFactor::without_field(rule, &[]),
            origin: origin(HOME, None),
            ..credentials(name, password)
        };
        let outcome = Outcome::of(f.auth.login(credentials).await);
        let seconds = match outcome {
            Throttled(seconds) => seconds,
            In | Wrong | Disabled | SecondFactor => 0,
        };
        answers.push((seen(&outcome), seconds));
        if number % 5 == 4 {
            f.clock.advance(Duration::from_secs(1));
        }
    }
    answers
}

#[tokio::test]
async fn a_right_password_that_opens_nothing_is_counted_like_a_wrong_one() {
    for rule in [SecondFactorRule::Refuse, SecondFactorRule::Append] {
        let unknown = answers("nobody", "x", rule).await;
        assert_eq!(
            unknown[3..7],
            [("no", 0), ("no", 0), ("no", 0), ("not now", 2)]
        );
        for (name, password) in [
            ("ada", "wrong"),
            ("retired", "wrong"),
            ("retired", "retired-pw"),
            ("guarded", "wrong"),
            ("guarded", "guarded-pw"),
            ("guarded", "guarded-pw000000"),
        ] {
            let seen = answers(name, password, rule).await;
            assert_eq!(seen, unknown, "{name} {password}");
        }
    }
}

#[tokio::test]
async fn a_card_of_a_disabled_user_is_counted_like_a_wrong_one() {
    let acme = OrganisationName::Exact("ACME".to_owned());
    let mut all = Vec::new();
    for code in ["closed", "nonsense"] {
        let f = limited().await;
        let mut answers = Vec::new();
        for _ in 0..20 {
            let card = AccessCard::Code(code.into());
            let tried = f.auth.login_by_card(card, &acme, &origin(HOME, None)).await;
            answers.push(seen(&Outcome::of(tried)));
        }
        all.push(answers);
    }
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0][11..13], ["no", "not now"]);
}
