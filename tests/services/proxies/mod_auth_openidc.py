"""mod_auth_openidc: metadata, introspection, JWTs. It keeps what it knows of a token until the token's `exp`."""

from apache import apache
from gateway import compare, exchange, free_ports, login, see_logout, seen
from proxy import call, claims

ports = free_ports(2)
introspecting, verifying = ports
with apache("auth_openidc", ports):
    tokens = login()
    for dialect, token in tokens.items():
        compare(claims(call(introspecting, token=token), "oidc-claim-"), dialect)
        seen(f"introspection of {dialect}")
    seen("discovery")
    assert call(introspecting, token="none") is None
    assert call(introspecting) is None

    jwt = exchange(tokens["memsource"])
    compare(claims(call(verifying, token=jwt), "oidc-claim-"), "memsource")
    assert call(verifying, token=jwt[:-4]) is None
    seen("JWT")

    see_logout(tokens, lambda token: call(introspecting, token=token) is not None)
