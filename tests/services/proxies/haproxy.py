"""HAProxy: JWTs. It reads public keys from files."""

from gateway import ISSUER as issuer
from gateway import compare, exchange, free_ports, login, of_each, see_logout, seen
from pathlib import Path

from proxy import call, configure, running, work

# snippet: keys
import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def write_keys(folder):
    keys = jwt.PyJWKClient(f"{issuer}/.well-known/jwks.json").get_signing_keys()
    for number, key in enumerate(keys, 1):
        pem = key.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        Path(folder, f"isogloss-{number}.pem").write_bytes(pem)


# end


def claims(received):
    return {
        "username": received["x-user"],
        "role": received["x-role"],
        "dialect": received["x-dialect"],
        "scope": received["x-scope"],
    }


write_keys(work.name)
[port] = ports = free_ports(1)
configuration = configure("haproxy.cfg", ports, **{"/etc/haproxy": work.name})
with running(["/usr/sbin/haproxy", "-db", "-f", configuration], ports):
    tokens = login()
    jwts = of_each(tokens, exchange)
    for dialect, token in jwts.items():
        compare(claims(call(port, token=token)), dialect)
    assert call(port, token=token[:-4]) is None
    assert call(port) is None
    seen("JWT")

    see_logout(tokens, lambda token: call(port, token=token) is not None, jwts)
