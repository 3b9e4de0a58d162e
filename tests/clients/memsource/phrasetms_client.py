"""phrasetms-client 1.0.0: generated models, which check every member's type."""

import os
import sys

# Python looks for packages beside the script first, and this one has the package's name.
sys.path = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]

from phrasetms_client import ApiClient, AuthenticationApi, Configuration
from phrasetms_client.exceptions import ForbiddenException, UnauthorizedException
from phrasetms_client.models.login_dto import LoginDto
from phrasetms_client.models.login_other_v3_dto import LoginOtherV3Dto
from phrasetms_client.models.login_v3_dto import LoginV3Dto

configuration = Configuration(host=sys.argv[1])
api = AuthenticationApi(ApiClient(configuration))


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
use(first.token)
assert api.who_am_i().organization.name == "CRMDEMO"

# The header of the first login is still sent.
second = api.login1(LoginV3Dto(userName="admin", password="admin-demo", userUid=first.user.uid))
assert second.token != first.token
other = api.login_other1(LoginOtherV3Dto(userName="linguist"))
assert other.user.id == "35", other

api.logout(token=first.token)
refused(UnauthorizedException, api.who_am_i)
use(second.token)
assert api.who_am_i().user.user_name == "admin"
use(other.token)
assert api.who_am_i().user.user_name == "linguist"
refused(ForbiddenException, lambda: api.login_other1(LoginOtherV3Dto(userName="admin")))
refused(UnauthorizedException, lambda: api.login(LoginDto(userName="admin", password="wrong")))
