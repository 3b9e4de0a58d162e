"""memsource-cli 0.3.8: the command, as people type it."""

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
        [COMMAND, "auth", *arguments, "-f", "json"],
        env=environment,
        capture_output=True,
        text=True,
    )


def login(name, password):
    return run("login", "--user-name", name, "--password", password)


answer = json.loads(login("admin", "admin-demo").stdout)
assert json.loads(answer["user"])["id"] == "30", answer
assert answer["expires"].endswith("+00:00"), answer

answer = json.loads(run("whoami", MEMSOURCE_TOKEN=answer["token"]).stdout)
assert json.loads(answer["user"])["role"] == "ADMIN", answer
assert json.loads(answer["organization"])["name"] == "CRMDEMO", answer

refused = login("admin", "wrong")
assert refused.returncode != 0, refused
assert "AuthInvalidCredentials" in refused.stdout + refused.stderr, refused

refused = run("whoami", MEMSOURCE_TOKEN="30-a3bf70333f8f1316cb7841cd774c9ce8")
assert refused.returncode != 0, refused
assert "AuthUnauthorized" in refused.stdout + refused.stderr, refused
