//! Organisations with look-alike names; tested with each backend.

use isogloss_core::directory::{Change, Directory, OrganisationEdit, OrganisationEntry, Patch};

use super::changes::umbrella;
use super::looks::Sql;

pub(super) async fn organisations_that_look_alike_are_refused_and_listed(
    directory: &dyn Directory,
    sql: &mut dyn Sql,
) {
    for (name, shown) in [
        ("umbrella", "umbrella"),
        ("Umbr\u{435}lla", "Umbr\u{435}lla (Umbr\\u{435}lla)"),
    ] {
        let organisation = OrganisationEntry {
            units: Vec::new(),
            default_unit: None,
            name: name.to_owned(),
            ..umbrella(uuid::Uuid::new_v4())
        };
        let added = directory.change(Change::AddOrganisation(organisation.clone()));
        let reason = format!("the name {shown} looks like that of the organisation Umbrella");
        assert_eq!(added.await.unwrap_err().to_string(), reason);
        let (id, other) = (organisation.id, format!("{} 2", organisation.id));
        let organisation = OrganisationEntry {
            name: other.clone(),
            ..organisation
        };
        directory
            .change(Change::AddOrganisation(organisation))
            .await
            .unwrap();
        let edit = OrganisationEdit {
            name: Some(name.to_owned()),
            ..OrganisationEdit::default()
        };
        let edited = Change::EditOrganisation {
            organisation: id,
            edit,
        };
        assert_eq!(
            directory.change(edited).await.unwrap_err().to_string(),
            reason
        );
        // Stores the name as a release without the rule would.
        sql.run(&format!(
            "UPDATE organisations SET name = '{name}' WHERE name = '{other}'"
        ))
        .await;
        let found = directory.look_alikes().await.unwrap();
        let found = found.last().unwrap();
        assert!(!found.is_one_name);
        assert!(
            found.names.contains(&format!("organisation {shown}")),
            "{found}"
        );
        let default_unit = Patch::Remove;
        let edit = OrganisationEdit {
            default_unit,
            ..OrganisationEdit::default()
        };
        let edited = Change::EditOrganisation {
            organisation: id,
            edit,
        };
        directory.change(edited).await.unwrap();
        directory
            .change(Change::RemoveOrganisation(id))
            .await
            .unwrap();
    }
}
