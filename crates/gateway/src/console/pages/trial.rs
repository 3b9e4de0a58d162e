//! "Try a login": what each step of a login of a person would find.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use isogloss_core::Scope;
use isogloss_core::directory::UserRecord;
use maud::{Markup, html};

use super::people::person_path;
use crate::admin::trial::{StepView, TrialRequest, TrialView};
use crate::console::act::Act;
use crate::console::error::ConsoleError;
use crate::console::layout;
use crate::console::markup::{badge, sentences, shown, table};
use crate::console::navigation::ConsolePage;
use crate::console::visitor::Visitor;
use crate::introspection::IntrospectionApi;

/// Returns the form on the page of a user.
pub(super) fn trial_form(
    visitor: &Visitor,
    user: &UserRecord,
    introspection: &IntrospectionApi,
) -> Markup {
    html! {
        details.question {
            summary { "Try a login" }
            form.form method="post" action={ (person_path(user.id)) "/try-login" } {
                (visitor.form_token())
                p { "Shows what each step of a login would find. No attempt is counted, no token is issued, and the password is not stored." }
                label { span { "Dialect" }
                    select name="dialect" {
                        @for mount in introspection.mounts.iter() { option value=(mount.name) { (mount.name) } }
                    }
                }
                label { span { "Password" } input name="password" type="password" maxlength="400" autocomplete="off"; }
                label { span { "Organisation, if the client sends one" } input name="organisation" maxlength="400" autocomplete="off"; }
                label { span { "Unit, if the client sends one" } input name="unit" maxlength="400" autocomplete="off"; }
                label { span { "Code of the second factor, if the client sends one" } input name="code" maxlength="100" autocomplete="off" inputmode="numeric"; }
                button type="submit" { "Try the login" }
            }
        }
    }
}

/// Shows what each step of a login of the user would find.
///
/// # Errors
/// The key lacks the scope, there is no such user, the dialect is not enabled, or a store is unreachable.
pub(in crate::console) async fn try_login(
    act: Act,
    id: Path<String>,
    introspection: Data<IntrospectionApi>,
) -> Result<HttpResponse, ConsoleError> {
    let user = act.user(Scope::UsersWrite, &id).await?;
    let Act { visitor, fields } = act;
    let named = fields.get("dialect").unwrap_or_default();
    let mount = introspection
        .mounts
        .iter()
        .find(|mount| mount.name == named);
    let mount = mount.ok_or_else(|| ConsoleError::malformed("The dialect is not enabled."))?;
    let trial = TrialRequest {
        dialect: mount.name.to_owned(),
        user: user.user_name.clone(),
        password: fields.secret_as_sent("password").unwrap_or_default(),
        code: fields.get("code").map(Into::into),
        organisation: fields.text("organisation"),
        unit: fields.text("unit"),
        source: None,
    };
    let found = visitor
        .run(trial.run_recorded(&visitor.auth, mount))
        .await?;
    let content = html! {
        p { "A login of " (shown(&user.user_name)) " in the dialect " (mount.name) ": " (verdict(&found.verdict)) }
        (steps(&found))
        p { a href=(person_path(user.id)) { "Back to the user" } }
    };
    let page = ConsolePage::People;
    Ok(layout::page(&visitor, page, "Try a login", &content))
}

fn steps(found: &TrialView) -> Markup {
    let row = |step: &StepView| {
        html! {
            tr {
                td { (shown(&step.step)) }
                td { (verdict(&step.verdict)) }
                td { (sentences(&step.text)) }
            }
        }
    };
    let rows: Vec<_> = found.steps.iter().map(row).collect();
    let headings = ["Step", "Verdict", "What it has found"];
    table("Steps, in the order of a login", &headings, &rows)
}

fn verdict(verdict: &str) -> Markup {
    let kind = match verdict {
        "passes" => "good",
        "fails" => "bad",
        _ => "plain",
    };
    badge(kind, verdict)
}
