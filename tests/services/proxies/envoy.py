"""Envoy, `jwt_authn`: JWTs."""

import base64
import json
import os

from gateway import compare, exchange, free_ports, login, of_each, see_logout, seen
from proxy import call, configure, running, start_service


def claims(received):
    payload = received["x-jwt-payload"]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


[port] = ports = free_ports(1)
service = start_service().rsplit(":", 1)[1]
configuration = configure("envoy.yaml", ports, **{"port_value: 9000": f"port_value: {service}"})
command = [f"{os.environ['PROXIES']}/envoy", "-c", configuration, "--concurrency", "1", "--disable-hot-restart"]
with running([*command, "--log-level", "warning"], ports):
    tokens = login()
    jwts = of_each(tokens, exchange)
    for dialect, token in jwts.items():
        compare(claims(call(port, token=token)), dialect)
    assert call(port, token=token[:-4]) is None
    assert call(port) is None
    seen("JWT")

    # `clock_skew_seconds` is 60 by default.
    see_logout(tokens, lambda token: call(port, token=token) is not None, jwts, leeway=5)
