"""Writes docs/services.md from what was seen, or compares it with that.

    python3 page.py SEEN PAGE

SEEN has, for each library, NN.about and NN.out.
"""

import difflib
import os
import sys
from pathlib import Path

HEAD = """\
# Libraries of services

`make services` runs published libraries and proxies, unmodified and with their defaults, against a gateway with the demo
directory, and writes this page from what it saw. Both listeners of the gateway use TLS with a certificate of an authority
of the test, as they would in a company with its own authority. The settings of the gateway are those of `config/demo.toml`
and [gateway.toml](../tests/services/gateway.toml); among them are `introspection.max_age = "10s"` and
`introspection.public_metadata = true`. [Check tokens in your services](back-ends.md) has the lines of code.

Each library checks the tokens of an administrator who logs in as a client of all four dialects, and compares user name,
role and scope. Then these clients log out.

| column | contents |
| --- | --- |
| metadata | it found the addresses by the `issuer` alone |
| tokens | how it checked the tokens of all four dialects |
| JWT | it verified JWTs for all four dialects, or for one of them |
| exchange | it exchanged a token for a JWT at `/token` |
| logout | when it refused the tokens (or, if it checks only JWTs, the JWTs) after the logout |
| needs | what had to be set: trust in the certificate authority, and all that is not a default |

| library | version | language | from | metadata | tokens | JWT | exchange | logout | needs |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""

END = """
"At once" is the next check after the logout. "Within `max_age`" is at most `introspection.max_age` later, plus what the
library grants to clocks. Libraries with a cache ask again after the `exp` of the response; a JWT is valid until its `exp`,
whatever happens to the session. `introspection.max_age` limits both.

## Change of keys

{rotation}
Two gateways with one Redis and one directory were restarted one after the other for each step. All the time, Envoy and PyJWT
verified JWTs of both gateways, after their issue and again later. They refused none.

1. `jwt.next_secret_file`: the keys of the new secret are published.
2. The new secret is `jwt.secret_file`, the old one `jwt.previous_secret_file`.
3. The old secret is removed.
4. `jwt.also_publish = ["RS256"]`, while `jwt.algorithm` is still `"EdDSA"`.
5. `jwt.algorithm = "RS256"` and `jwt.also_publish = ["EdDSA"]`.
6. `jwt.also_publish` is removed.

[JWTs](jwt.md) describes how long to wait between these steps.
"""

DIALECTS = ("bimplus", "crmcom", "tokenlogin", "memsource")


def seen(about):
    """Returns what a script saw."""
    lines = about.with_suffix(".out").read_text().splitlines()
    return [line.removeprefix("seen: ") for line in lines if line.startswith("seen: ")]


def check_of_tokens(found, name):
    """Returns by what the tokens of all dialects were checked."""
    for way in ("introspection", "forward-auth"):
        dialects = [one for one in DIALECTS if f"{way} of {one}" in found]
        assert len(dialects) in (0, len(DIALECTS)), f"{name}: only {dialects}"
        if dialects:
            return way
    return ""


def row(about):
    name, version, language, registry, needs = about.read_text().rstrip("\n").split("\t")
    found = seen(about)
    [logout] = [one.removeprefix("logout ") for one in found if one.startswith("logout ")]
    yes = {what: "yes" if what in found else "" for what in ("discovery", "JWT", "exchange")}
    tokens = check_of_tokens(found, name)
    assert tokens or yes["JWT"], f"{name} has checked nothing"
    cells = [name, version, language, registry, yes["discovery"], tokens, yes["JWT"], yes["exchange"]]
    return f"| {' | '.join([*cells, logout.replace('max_age', '`max_age`'), needs])} |\n"


def page(abouts):
    rotation, libraries = [], []
    for about in abouts:
        (rotation if about.read_text().startswith("rotation\t") else libraries).append(about)
    [rotation] = [" ".join(seen(one)) for one in rotation]
    return HEAD + "".join(map(row, libraries)) + END.format(rotation=rotation)


folder, written = map(Path, sys.argv[1:])
new = page(sorted(folder.glob("*.about")))
old = written.read_text() if written.exists() else ""
if new != old and os.environ.get("ISOGLOSS_BLESS"):
    written.write_text(new)
elif new != old:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "docs/services.md", "seen", lineterm="")
    print("\n".join(lines))
    sys.exit("docs/services.md says something else: ISOGLOSS_BLESS=1 make services writes it")
