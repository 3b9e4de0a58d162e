"""phrappy 1.1.0: logs in at v3, and says `Authorization: None` when it logs out."""

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
me = client.authentication.who_am_i()
assert me.user.id == "30" and me.user.role == "ADMIN", me
client.authentication.logout(token=client.token.removeprefix("ApiToken "))
refused(client.authentication.who_am_i)
refused(lambda: Phrappy.from_creds("admin", "wrong", base_url=sys.argv[1]))
