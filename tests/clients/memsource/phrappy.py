"""phrappy logs in at v3, and says `Authorization: None` when it logs out."""

import os
import sys

# Python looks for packages beside the script first, and this one has the package's name.
sys.path = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]

from phrappy import Phrappy


def refused(call):
    try:
        call()
    except Exception as error:
        assert "401" in str(error), error
        return
    raise AssertionError("not refused")


client = Phrappy.from_creds("admin", "admin-demo", base_url=sys.argv[1])
print("works: login")

me = client.authentication.who_am_i()
assert me.user.id == "30" and me.user.role == "ADMIN", me
print("works: whoAmI")

page = client.project.list_projects()
[project] = page.content
assert project.owner.userName == "admin" and project.owner.id == "30", project
print("works: list of projects")

made = client.project.create_project_v3(
    create_project_v3_dto_v3={"name": "Leaflet", "sourceLang": "en", "targetLangs": ["de"]}
)
assert made.name == "Leaflet" and made.owner.userName == "admin", made
print("works: new project")

client.authentication.logout(token=client.token.removeprefix("ApiToken "))
print("works: logout")

refused(client.authentication.who_am_i)
refused(client.project.list_projects)
print("works: refusal of an ended token")

refused(lambda: Phrappy.from_creds("admin", "wrong", base_url=sys.argv[1]))
print("works: refusal of a wrong password")
