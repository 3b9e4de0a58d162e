"""Authlib: introspection and exchange as a client; JWTs of RFC 9068 in a service of Flask."""

from gateway import AUDIENCE as audience
from gateway import EXCHANGE, compare, login, see_logout, seen
from gateway import ISSUER as issuer
from gateway import KEY as key

# snippet: introspection
import requests
from authlib.integrations.requests_client import OAuth2Session

metadata = requests.get(f"{issuer}/.well-known/oauth-authorization-server", timeout=5).json()
session = OAuth2Session("archive", key)


def introspect(token):
    return session.introspect_token(metadata["introspection_endpoint"], token=token).json()


# end
assert metadata["issuer"] == issuer, metadata
seen("discovery")

# snippet: jwt
from authlib.integrations.flask_oauth2 import ResourceProtector, current_token
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from flask import Flask


class Validator(JWTBearerTokenValidator):
    def get_jwks(self):
        return requests.get(metadata["jwks_uri"], timeout=5).json()


app = Flask(__name__)
require_oauth = ResourceProtector()
require_oauth.register_token_validator(Validator(issuer, audience))


@app.get("/plans")
@require_oauth("read")
def plans():
    return dict(current_token)


# end

tokens = login()
for dialect, token in tokens.items():
    compare(introspect(token), dialect)
    seen(f"introspection of {dialect}")

exchanged = session.fetch_token(
    metadata["token_endpoint"],
    grant_type=EXCHANGE,
    subject_token=tokens["bimplus"],
    subject_token_type="urn:ietf:params:oauth:token-type:access_token",
)
seen("exchange")

service = app.test_client()
response = service.get("/plans", headers={"Authorization": f"Bearer {exchanged['access_token']}"})
assert response.status_code == 200, response.text
compare(response.json, "bimplus")
assert service.get("/plans", headers={"Authorization": "Bearer none"}).status_code == 401
seen("JWT")

see_logout(tokens, lambda token: introspect(token)["active"])
