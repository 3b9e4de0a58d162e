"""Projects and jobs of Memsource, at api2 and at the legacy API. Projects belong to the user who asks."""

NAME = "memsource"

PROJECT = {
    "uid": "vZ7GAzhWTOmwjxgZJYN4h1",
    "internalId": 1,
    "id": "1",
    "name": "Manual",
    "dateCreated": "2026-01-05T08:00:00+0000",
    "domain": None,
    "subDomain": None,
    "sourceLang": "en",
    "targetLangs": ["de"],
    "references": [],
    "status": "NEW",
    "userRole": "ADMIN",
}


def owner(call):
    return {
        "userName": call.user,
        "uid": call.identity("User"),
        "id": call.identity("User-Number"),
        "email": call.identity("Email"),
        "firstName": "",
        "lastName": "",
        "role": call.identity("Role"),
    }


def project(call):
    return {**PROJECT, "owner": owner(call)}


def page(call, content):
    number = int(call.query.get("pageNumber", 0))
    content = content if number == 0 else []
    size = {"totalElements": 1, "totalPages": 1, "pageSize": 50, "pageNumber": number}
    return 200, {**size, "numberOfElements": len(content), "content": content}


def list_projects(call):
    return page(call, [project(call)])


def create_project(call):
    if "name" not in call.fields:
        return 400, {"errorCode": "InvalidArguments", "errorDescription": "no name"}
    return 201, {**project(call), "name": call.fields["name"]}


def job(call, filename):
    return {
        "uid": "HiBSvTPQmDFEzxQbrA1ZS0",
        "status": "NEW",
        "providers": [],
        "targetLang": "de",
        "workflowLevel": 1,
        "dateCreated": "2026-01-05T08:00:00+0000",
        "filename": filename,
        "project": {"uid": PROJECT["uid"], "name": PROJECT["name"]},
        "sourceFileUid": None,
        "wordsCount": len(call.body.split()),
    }


def create_job(call):
    """The body is the file, its name a header."""
    filename = call.headers.get("Content-Disposition", "").split("filename=")[-1].split("''")[-1].strip('"')
    return 201, {"unsupportedFiles": [], "jobs": [job(call, filename)], "asyncRequest": None}


# The legacy API: numbers as numbers, the creator by name.


def legacy_project(call):
    own = {"id": 1, "internalId": 1, "createdBy": {"userName": call.user}}
    shared = ("uid", "name", "dateCreated", "sourceLang", "targetLangs", "status")
    return {**own, **{name: PROJECT[name] for name in shared}}


def parameters(call):
    """A call may be a GET or a POST, its parameters in the query, in a form or in multipart/form-data."""
    return {**call.query, **call.fields}


def legacy_list(call):
    return 200, [legacy_project(call)]


def legacy_create(call):
    return 200, {**legacy_project(call), "name": parameters(call)["name"]}


def legacy_create_job(call):
    part = {
        "id": 1,
        "fileName": call.filenames.get("file", "job"),
        "targetLang": parameters(call)["targetLang"],
        "fileSize": len(call.fields.get("file", "")),
        "createdBy": {"userName": call.user},
    }
    return 200, {"unsupportedFiles": [], "jobParts": [part]}


def legacy_upload(call):
    file = {"uid": "aZ7GAzhWTOmwjxgZJYN4h2", "name": call.query["name"], "size": len(call.body)}
    return 200, {**file, "createdBy": {"userName": call.user}}


def both(path, answer):
    return [("GET", path, answer), ("POST", path, answer)]


ROUTES = [
    ("GET", "/web/api2/v1/projects", list_projects),
    ("POST", "/web/api2/v1/projects", create_project),
    ("POST", "/web/api2/v3/projects", create_project),
    ("POST", "/web/api2/v2/projects/applyTemplate/{template}", create_project),
    ("POST", "/web/api2/v1/projects/{project}/jobs", create_job),
    *both("/web/api/{version}/project/list", legacy_list),
    *both("/web/api/{version}/project/create", legacy_create),
    *both("/web/api/{version}/project/createFromTemplate", legacy_create),
    *both("/web/api/{version}/job/create", legacy_create_job),
    ("POST", "/web/api/{version}/file/uploadRequestBody", legacy_upload),
]
