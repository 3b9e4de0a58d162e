//! What the audit log says of logins that an authority judged, and the second factor after its yes.

use super::*;
use isogloss_core::authority::DisabledReason;

use crate::recording::Recording;

#[tokio::test]
async fn the_audit_log_names_the_authority_and_the_true_cause() {
    let recording = Recording::default();
    let room = NonZeroUsize::new(1000).unwrap();
    let audit = Audit::start(vec![Box::new(recording.clone())], room).unwrap();
    let corp = with_kim();
    let f = asking_and_recording(vec![(settings("corp"), &corp)], audit).await;
    f.login("kim", "there").await.unwrap();
    let _ = f.login("kim", "wrong").await;
    corp.change("kim", |kim| {
        kim.instead = Some(Decision::Disabled(DisabledReason::PasswordExpired));
    });
    let _ = f.login("kim", "there").await;
    corp.fail(CauseKind::Closed);
    let _ = f.login("kim", "there").await;
    *corp.fault.lock().unwrap() = Some(Decision::DisabledUnjudged(DisabledReason::Disabled));
    let _ = f.login("kim", "there").await;
    corp.recover();
    let _ = f.login("ada", "ada-pw").await;
    assert_eq!(f.auth.audit().close().await, 0);
    let seen = recording.seen().into_iter().map(|event| {
        let event: serde_json::Value = serde_json::from_str(&event.line()).unwrap();
        let text = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
        ["outcome", "reason", "judged_by", "cause"]
            .map(text)
            .join(" ")
    });
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [
            "done - corp -",
            "refused credentials corp wrong_password",
            "refused disabled corp password_expired",
            "refused unavailable corp closed",
            "refused credentials corp disabled",
            "done - - -",
        ]
    );
}

#[tokio::test]
async fn the_second_factor_is_asked_for_after_the_yes() {
    let corp = with_kim();
    let f = asking(vec![(settings("corp"), &corp)]).await;
    let more = "authority = 'corp', external_id = 'id-kim', totp_secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'";
    f.import("kim", more).await;
    let missing = "the second factor is missing or wrong";
    assert_eq!(refusal(f.login("kim", "there").await), missing);
    assert_eq!(refusal(f.login("kim", "wrong").await), INVALID);
    // RFC 6238, appendix B: the code of the first 59 seconds.
    let with_code = |code: &str| Credentials {
        factor: SecondFactor::Code(Some(code.into())),
        ..credentials("kim", "there")
    };
    assert_eq!(refusal(f.auth.login(with_code("000000")).await), missing);
    assert!(f.auth.login(with_code("287082")).await.is_ok());
}

#[test]
fn no_secret_is_shown_by_debug() {
    let password: SecretString = "there".into();
    let request = JudgeRequest {
        login: "kim",
        password: &password,
        external_id: None,
        dialect: "here",
        organisation: None,
        source: None,
    };
    assert_eq!(format!("{request:?}"), "JudgeRequest(…)");
    assert_eq!(
        format!("{:?}", identity("id-kim", "kim")),
        "Identity(id-kim, …)"
    );
}
