"""mod_oauth2: introspection, JWTs. It keeps the result for `expiry` seconds, whatever `exp` says: 5 minutes by default."""

from apache import apache
from gateway import compare, exchange, free_ports, login, see_logout, seen
from proxy import call, claims

ports = free_ports(2)
introspecting, verifying = ports
with apache("oauth2", ports):
    tokens = login()
    for dialect, token in tokens.items():
        compare(claims(call(introspecting, token=token), "oauth2-claim-"), dialect)
        seen(f"introspection of {dialect}")
    assert call(introspecting, token="none") is None
    assert call(introspecting) is None

    jwt = exchange(tokens["memsource"])
    compare(claims(call(verifying, token=jwt), "oauth2-claim-"), "memsource")
    assert call(verifying, token=jwt[:-4]) is None
    seen("JWT")

    see_logout(tokens, lambda token: call(introspecting, token=token) is not None)
