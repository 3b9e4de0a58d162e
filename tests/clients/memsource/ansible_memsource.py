"""memsource 0.0.4, which Ansible's module uses. Its host is a constant of the package."""

import sys

import memsource
import memsource.auth
from memsource import exceptions

memsource.MEMSOURCE_ENDPOINT_V1_URL = sys.argv[1] + "/api2/v1"
memsource.auth.MEMSOURCE_ENDPOINT_V1_URL = sys.argv[1] + "/api2/v1"
WHO_AM_I = sys.argv[1] + "/api2/v1/auth/whoAmI"
LOGOUT = sys.argv[1] + "/api2/v1/auth/logout"

client = memsource.Memsource("admin", "admin-demo")
answer = client.handle_rest_call(WHO_AM_I).json()
assert answer["user"]["userName"] == "admin", answer

assert client.handle_rest_call(LOGOUT, method="POST").status_code == 204
try:
    client.handle_rest_call(WHO_AM_I)
    raise AssertionError("the token lives on")
except exceptions.MemsourceHTTPNotAuthorizedException:
    pass

try:
    memsource.Memsource("admin", "wrong")
    raise AssertionError("a wrong password logs in")
except KeyError as error:
    # It looks for the token whatever the status.
    assert error.args == ("token",), error
