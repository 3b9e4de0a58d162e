"""nginx and Traefik: forward-auth, for the dialect whose token a call has. TLS to the management listener.

    python3 forward_auth.py nginx|traefik
"""

import os
import sys

from gateway import carried, free_ports, login, see_logout, seen
from proxy import call, configure, running


def nginx(ports):
    configuration = configure("nginx.conf", ports)
    return ["/usr/sbin/nginx", "-p", os.path.dirname(configuration), "-e", "error.log", "-c", configuration]


def traefik(ports):
    dynamic = configure("traefik-archive.yml", ports)
    configuration = configure("traefik.yml", ports, **{"traefik-archive.yml": dynamic})
    return [f"{os.environ['PROXIES']}/traefik", f"--configFile={configuration}"]


[port] = ports = free_ports(1)
with running({"nginx": nginx, "traefik": traefik}[sys.argv[1]](ports), ports):
    tokens = login()
    dialect_of = {token: dialect for dialect, token in tokens.items()}

    def pass_on(token):
        return call(port, *carried(dialect_of[token], token))

    for dialect, token in tokens.items():
        received = pass_on(token)
        known = [received[f"x-isogloss-{name}"] for name in ("user-name", "role", "dialect")]
        assert known == ["admin", "ADMIN", dialect], received
        seen(f"forward-auth of {dialect}")
    assert call(port, *carried("memsource", "none")) is None

    see_logout(tokens, lambda token: pass_on(token) is not None)
