"""requests: introspection at the address of one dialect."""

from gateway import KEY as key
from gateway import MANAGEMENT as management
from gateway import compare, login, see_logout, seen

# snippet: introspection
import requests


def introspect(token, dialect):
    url = f"{management}/introspect/{dialect}"
    response = requests.post(url, auth=("archive", key), data={"token": token}, timeout=5)
    response.raise_for_status()
    return response.json()


# end

CLIENTS = {"bimplus": "bimplus", "crmcom": "crmcom", "tokenlogin": "demo", "memsource": "memsource"}

tokens = login()
dialect_of = {token: dialect for dialect, token in tokens.items()}
for dialect, token in tokens.items():
    claims = introspect(token, dialect)
    compare(claims, dialect)
    assert claims["client_id"] == CLIENTS[dialect], claims
    seen(f"introspection of {dialect}")
    # A token is valid in its own dialect only.
    for other in tokens.keys() - {dialect}:
        assert introspect(token, other) == {"active": False}, (dialect, other)

see_logout(tokens, lambda token: introspect(token, dialect_of[token])["active"])
