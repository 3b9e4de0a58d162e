"""The package memsource, which Ansible's module uses. Its host is a constant of the package."""

import sys

import memsource
import memsource.auth
from memsource import exceptions

memsource.MEMSOURCE_ENDPOINT_V1_URL = sys.argv[1] + "/api2/v1"
memsource.MEMSOURCE_ENDPOINT_V2_URL = sys.argv[1] + "/api2/v2"
memsource.auth.MEMSOURCE_ENDPOINT_V1_URL = sys.argv[1] + "/api2/v1"
WHO_AM_I = sys.argv[1] + "/api2/v1/auth/whoAmI"
LOGOUT = sys.argv[1] + "/api2/v1/auth/logout"


def refused(call):
    try:
        call()
    except exceptions.MemsourceHTTPNotAuthorizedException:
        return
    raise AssertionError("the token lives on")


client = memsource.Memsource("admin", "admin-demo")
print("works: login")

answer = client.handle_rest_call(WHO_AM_I).json()
assert answer["user"]["userName"] == "admin", answer
print("works: whoAmI")

# It asks for one page more than there are.
[project] = client.get_projects()
assert project["owner"]["userName"] == "admin", project
print("works: list of projects")

made = client.create_project_from_template("Leaflet", "7")
assert made["name"] == "Leaflet" and made["owner"]["userName"] == "admin", made
print("works: new project from a template")

with open("leaflet.txt", "w", encoding="utf-8") as file:
    file.write("a leaflet")
[job] = client.create_job(project["uid"], ["de"], "leaflet.txt")["jobs"]
assert job["filename"] == "leaflet.txt" and job["wordsCount"] == 2, job
print("works: new job")

assert client.handle_rest_call(LOGOUT, method="POST").status_code == 204
print("works: logout")

refused(lambda: client.handle_rest_call(WHO_AM_I))
refused(client.get_projects)
print("works: refusal of an ended token")

try:
    memsource.Memsource("admin", "wrong")
    raise AssertionError("a wrong password logs in")
except KeyError as error:
    # It looks for the token whatever the status.
    assert error.args == ("token",), error
print("works: refusal of a wrong password")
