"""Projects and attachments of BIMplus. A project's manager is the user who asks."""

NAME = "bimplus"

PROJECT = {
    "id": "6d2a7f0c-2f1e-4d37-9a75-1f3f1f0f6a01",
    "name": "Town hall",
    "shortDescription": "",
    "teamSlug": "head-office",
}


def project(call):
    return {**PROJECT, "projectManager": call.user, "team": call.identity("Unit")}


def list_projects(call):
    return 200, [project(call)]


def create_project(call):
    return 201, {**project(call), "name": call.fields["name"]}


def change_project(call):
    return 200, {**project(call), **call.fields}


def delete_project(call):
    return 200, {}


def change_password(call):
    return 200, {}


def attach(call):
    file = call.fields["file"]
    return 201, {"id": "1f6a3f4e-0d0b-4a36-8f7b-5d1b2c3d4e02", "size": len(file), "createdBy": call.user}


def download(call):
    return 200, {"id": call.path.split("/")[4], "downloadedBy": call.user}


ROUTES = [
    ("PUT", "/v2/user/change_password", change_password),
    # Without a team.
    ("GET", "/v2/projects", list_projects),
    ("GET", "/v2/{team}/projects", list_projects),
    ("POST", "/v2/{team}/projects", create_project),
    ("PUT", "/v2/{team}/projects/{project}", change_project),
    ("DELETE", "/v2/{team}/projects/{project}", delete_project),
    ("POST", "/v2/{team}/objects/{object}/attachments", attach),
    ("GET", "/v2/{team}/attachments/{attachment}/download", download),
]
