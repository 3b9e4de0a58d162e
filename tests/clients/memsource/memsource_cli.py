"""The command of memsource-cli, as people type it. It sends the token in the query."""

import json
import os
import subprocess
import sys

COMMAND = os.path.join(os.path.dirname(sys.executable), "memsource")


def run(*arguments, **environment):
    environment = dict(
        os.environ,
        MEMSOURCE_URL=sys.argv[1],
        MEMSOURCE_USERNAME="admin",
        MEMSOURCE_PASSWORD="admin-demo",
        **environment,
    )
    return subprocess.run(
        [COMMAND, *arguments, "-f", "json"],
        env=environment,
        capture_output=True,
        text=True,
    )


def output(*arguments, **environment):
    done = run(*arguments, **environment)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def login(name, password):
    return run("auth", "login", "--user-name", name, "--password", password)


answer = json.loads(login("admin", "admin-demo").stdout)
assert json.loads(answer["user"])["id"] == "30", answer
assert answer["expires"].endswith("+00:00"), answer
token = answer["token"]
print("works: login")

answer = output("auth", "whoami", MEMSOURCE_TOKEN=token)
assert json.loads(answer["user"])["role"] == "ADMIN", answer
assert json.loads(answer["organization"])["name"] == "CRMDEMO", answer
print("works: whoAmI")

[project] = output("project", "list", MEMSOURCE_TOKEN=token)
assert json.loads(project["owner"])["user_name"] == "admin", project
print("works: list of projects")

arguments = "--name Leaflet --source-lang en --target-langs de".split()
answer = output("project", "create", *arguments, MEMSOURCE_TOKEN=token)
assert answer["name"] == "Leaflet", answer
assert json.loads(answer["owner"])["user_name"] == "admin", answer
print("works: new project")

with open("leaflet.txt", "w", encoding="utf-8") as file:
    file.write("a leaflet")
arguments = "--filenames leaflet.txt --target-langs de --project-id".split()
[job] = output("job", "create", *arguments, project["uid"], MEMSOURCE_TOKEN=token)
assert job["filename"] == "leaflet.txt", job
print("works: new job")

refused = login("admin", "wrong")
assert refused.returncode != 0, refused
assert "AuthInvalidCredentials" in refused.stdout + refused.stderr, refused
print("works: refusal of a wrong password")

for command in [("auth", "whoami"), ("project", "list")]:
    refused = run(*command, MEMSOURCE_TOKEN="30-a3bf70333f8f1316cb7841cd774c9ce8")
    assert refused.returncode != 0, refused
    assert "AuthUnauthorized" in refused.stdout + refused.stderr, refused
print("works: refusal of a bad token")
