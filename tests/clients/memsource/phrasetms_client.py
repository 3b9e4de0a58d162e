"""phrasetms-client has generated models, which check every member's type."""

import os
import sys

# Python looks for packages beside the script first, and this one has the package's name.
sys.path = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]

from phrasetms_client import ApiClient, AuthenticationApi, Configuration, ProjectApi
from phrasetms_client.exceptions import ForbiddenException, UnauthorizedException
from phrasetms_client.models.create_project_v3_dto import CreateProjectV3Dto
from phrasetms_client.models.login_dto import LoginDto
from phrasetms_client.models.login_other_v3_dto import LoginOtherV3Dto
from phrasetms_client.models.login_v3_dto import LoginV3Dto

configuration = Configuration(host=sys.argv[1])
client = ApiClient(configuration)
api = AuthenticationApi(client)
projects = ProjectApi(client)


def use(token):
    configuration.api_key["ApiToken"] = "ApiToken " + token


def refused(kind, call):
    try:
        call()
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


first = api.login(LoginDto(userName="admin", password="admin-demo"))
assert first.user.id == "30" and first.user.role == "ADMIN", first
assert first.expires.utcoffset() is not None, first
print("works: login")

use(first.token)
assert api.who_am_i().organization.name == "CRMDEMO"
print("works: whoAmI")

[project] = projects.list_projects().content
assert project.owner.user_name == "admin" and project.owner.id == "30", project
print("works: list of projects")

made = projects.create_project_v3(CreateProjectV3Dto(name="Leaflet", sourceLang="en", targetLangs=["de"]))
assert made.name == "Leaflet" and made.owner.user_name == "admin", made
print("works: new project")

# The header of the first login is still sent.
second = api.login1(LoginV3Dto(userName="admin", password="admin-demo", userUid=first.user.uid))
assert second.token != first.token
other = api.login_other1(LoginOtherV3Dto(userName="linguist"))
assert other.user.id == "35", other
print("works: login as another user")

api.logout(token=first.token)
print("works: logout")
refused(UnauthorizedException, api.who_am_i)
refused(UnauthorizedException, projects.list_projects)
print("works: refusal of an ended token")

use(second.token)
assert api.who_am_i().user.user_name == "admin"
use(other.token)
assert api.who_am_i().user.user_name == "linguist"
[project] = projects.list_projects().content
assert project.owner.user_name == "linguist", project
refused(ForbiddenException, lambda: api.login_other1(LoginOtherV3Dto(userName="admin")))
refused(UnauthorizedException, lambda: api.login(LoginDto(userName="admin", password="wrong")))
print("works: refusal of a wrong password")
