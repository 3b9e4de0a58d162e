"""What the scripts of all languages have in common: tokens of the demo's administrator, their exchange and their end.

    python3 gateway.py login              prints a token of each dialect
    python3 gateway.py exchange TOKENS    prints a JWT for each of them
    python3 gateway.py logout TOKENS      ends their sessions
    python3 gateway.py free-ports N       prints that many free ports

TOKENS is the output of `login`, and all outputs are JSON. `run` sets the environment: ISSUER is the address of the public
listener, MANAGEMENT that of the management listener, SERVICE_KEY a key of the realm `introspection`, AUDIENCE that of the
JWTs, MAX_AGE the setting `introspection.max_age` in seconds. Python's own HTTP client finds the certificate authority in
SSL_CERT_FILE.
"""

import base64
import json
import os
import socket
import sys
import time
import urllib.parse
import urllib.request
from contextlib import ExitStack

ISSUER = os.environ.get("ISSUER", "")
MANAGEMENT = os.environ.get("MANAGEMENT", "")
KEY = os.environ.get("SERVICE_KEY", "")
AUDIENCE = os.environ.get("AUDIENCE", "")
MAX_AGE = float(os.environ.get("MAX_AGE", "0"))

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
# Scripts run next to each other on a busy machine.
PATIENCE = 5


def send(url, body=None, headers=(), method=None):
    """Returns the JSON of the response. An object is sent as JSON, text as a form."""
    headers = dict(headers)
    if isinstance(body, dict):
        body = json.dumps(body)
        headers["Content-Type"] = "application/json"
    data = None if body is None else body.encode()
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        text = response.read()
    return json.loads(text) if text else None


def login(issuer=ISSUER):
    """Logs the administrator in, as a client of each dialect does."""
    bimplus = send(f"{issuer}/v2/authorize", {"user_id": "admin", "password": "admin-demo"})
    crmcom = send(
        f"{issuer}/crmapi/rest/v2/authentication/token",
        {"username": "admin", "password": "admin-demo", "organisation": "CRMDEMO"},
    )
    tokenlogin = send(
        f"{issuer}/api/v1/Authentication/Login?APIKey=demo-api-key",
        {"userName": "admin", "password": "admin-demo"},
    )
    memsource = send(f"{issuer}/web/api2/v3/auth/login", {"userName": "admin", "password": "admin-demo"})
    return {
        "bimplus": bimplus["access_token"],
        "crmcom": crmcom["data"]["token"],
        "tokenlogin": tokenlogin["SessionToken"],
        "memsource": memsource["token"],
    }


def logout(tokens):
    """Logs out, as a client of each dialect does."""
    send(f"{ISSUER}/v2/authorize", headers={"Authorization": f"BimPlus {tokens['bimplus']}"}, method="DELETE")
    send(f"{ISSUER}/crmapi/rest/v2/authentication/token/release", {"token": tokens["crmcom"]})
    query = urllib.parse.urlencode({"APIKey": "demo-api-key", "APIToken": tokens["tokenlogin"]})
    send(f"{ISSUER}/api/v1/Authentication/Logout?{query}", method="POST")
    send(
        f"{ISSUER}/web/api2/v1/auth/logout",
        headers={"Authorization": f"ApiToken {tokens['memsource']}"},
        method="POST",
    )


def carried(dialect, token):
    """Returns path and headers of a call to a service, with the token where clients of the dialect have it."""
    token = urllib.parse.quote(token)
    return {
        "bimplus": ("/", {"Authorization": f"BimPlus {token}"}),
        "crmcom": (f"/?token={token}", {}),
        "tokenlogin": (f"/?APIKey=demo-api-key&APIToken={token}", {}),
        "memsource": ("/", {"Authorization": f"ApiToken {token}"}),
    }[dialect]


def exchange(token, management=MANAGEMENT):
    """Exchanges a token for a JWT."""
    basic = base64.b64encode(f"archive:{KEY}".encode()).decode()
    form = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    headers = {"Authorization": f"Basic {basic}"}
    return send(f"{management}/token", urllib.parse.urlencode(form), headers)["access_token"]


def of_each(tokens, change):
    return {dialect: change(token) for dialect, token in tokens.items()}


def seen(what):
    print(f"seen: {what}", flush=True)


def compare(claims, dialect):
    """Compares what a service knows of a token with what the directory has."""
    known = {name: claims.get(name) for name in ("username", "role", "dialect", "scope")}
    assert known == {"username": "admin", "role": "ADMIN", "dialect": dialect, "scope": "read write admin"}, claims


def see_logout(tokens, accepts, credentials=None, leeway=0):
    """Logs out, and waits until the service refuses all credentials: the tokens, or the JWTs for them.

    `accepts` returns whether the service accepts one. It must refuse all of them within MAX_AGE, and the `leeway` in
    seconds that it grants to clocks.
    """
    credentials = list((credentials or tokens).values())
    assert all(map(accepts, credentials)), "refused before the logout"
    logout(tokens)
    deadline = time.monotonic() + MAX_AGE + leeway + PATIENCE
    if not any(map(accepts, credentials)):
        return seen("logout at once")
    while any(map(accepts, credentials)):
        assert time.monotonic() < deadline, "still accepted after max_age"
        time.sleep(0.2)
    seen("logout within max_age")


def free_ports(number):
    """Returns free ports of 127.0.0.1."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [one.getsockname()[1] for one in sockets]


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "login":
        print(json.dumps(login()))
    elif command == "exchange":
        print(json.dumps(of_each(json.loads(*arguments), exchange)))
    elif command == "logout":
        logout(json.loads(*arguments))
    elif command == "free-ports":
        print(*free_ports(int(*arguments)))
    else:
        sys.exit(__doc__)
