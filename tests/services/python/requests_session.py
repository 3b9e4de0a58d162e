"""requests-oauthlib: exchange, and calls with the JWT to a service that introspects it."""

from gateway import ACCESS_TOKEN, compare, login, see_logout, seen
from gateway import ISSUER as issuer
from gateway import KEY as key

# snippet: exchange
import requests
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session


class TokenExchange(BackendApplicationClient):
    grant_type = "urn:ietf:params:oauth:grant-type:token-exchange"


session = OAuth2Session(client=TokenExchange(client_id="archive"))
metadata = requests.get(f"{issuer}/.well-known/oauth-authorization-server", timeout=5).json()


def exchange(token):
    return session.fetch_token(
        metadata["token_endpoint"],
        client_secret=key,
        subject_token=token,
        subject_token_type="urn:ietf:params:oauth:token-type:access_token",
    )


# end
assert metadata["issuer"] == issuer, metadata
seen("discovery")


def introspect(token):
    # Without a token of its own: the key is the credential here.
    url, form = metadata["introspection_endpoint"], {"token": token}
    return session.post(url, data=form, auth=("archive", key), withhold_token=True).json()


tokens = login()
for dialect, token in tokens.items():
    compare(introspect(token), dialect)
    seen(f"introspection of {dialect}")

exchanged = exchange(tokens["tokenlogin"])
assert exchanged["issued_token_type"] == ACCESS_TOKEN, exchanged
assert exchanged["scope"] == ["read", "write", "admin"], exchanged
compare(introspect(exchanged["access_token"]), "tokenlogin")
seen("exchange")

see_logout(tokens, lambda token: introspect(token)["active"])
