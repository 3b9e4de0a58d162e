"""Writes docs/clients.md from what was seen, or compares it with that.

    python3 page.py SEEN EXCHANGES PAGE

SEEN has, for each client, NN.about, NN.out, NN.calls, and the gateway's counters NN.before and NN.after. EXCHANGES is the
output of `isogloss conformance --json`.
"""

import difflib
import json
import os
import re
import sys
import textwrap
from pathlib import Path

HEAD = """\
# Clients

`make clients` runs published clients, unmodified, against a gateway with the demo directory, and writes this page from what
it saw. Each client knows one host name: the gateway answers its login, and passes its other calls on to a back end (here a
small server in `tests/clients/back_end`), with the identity of the token's user. The settings are those of
`config/demo.toml` with `dialects.<name>.backend`; no client needs another setting of the gateway. [The whole
host](whole-host.md) describes these settings.

The back end takes a call only with all identity headers, each once, and answers with the user's name, which the clients
compare. Requests that browsers send by themselves (CORS preflight) are not in the tables. All of these clients work:

| client | version | language | from | what has to be set in the client |
| --- | --- | --- | --- | --- |
"""

AFTER_CLIENTS = """
## Clients that no registry has

The code of these clients is public, but not in a registry that CI reaches (npm, PyPI, crates.io, Debian). Their calls, as
their code sends them, are exchanges in `tests/clients/exchanges`. They pass against the same gateway and back end:

| dialect | exchange | client |
| --- | --- | --- |
"""

END = """
Tokens are searched in the first `proxy.token_search_limit` bytes of a body, by default 64 KiB. memsource-php sends the token
after the file: raise the limit above the largest file that it uploads. All other clients have the token before the file, or
outside of the body.

The logins of more such clients are exchanges in `tests/exchanges`: see [Conformance](conformance.md). You can write
exchanges for your own clients in the same way, and run them with `isogloss conformance --exchanges FOLDER`, first against
the vendor's server and then against the gateway.
"""

COUNTER = re.compile(r"^isogloss_http_requests_total{(.*)} (\d+)$")
LABEL = re.compile(r'(\w+)="([^"]*)"')
# Labels of calls for the back end, and of those that were refused before: metrics do not have their paths.
BACK_END = ("{backend}", "unmatched")


def counters(file):
    found = {}
    for line in file.read_text().splitlines():
        labels, number = COUNTER.match(line).groups()
        labels = dict(LABEL.findall(labels))
        key = (labels["dialect"], labels["method"], labels["route"], labels["status"])
        found[key] = found.get(key, 0) + int(number)
    return found


def completed(log):
    """Returns dialect, method, route and status of the requests that a client caused."""
    before, after = (counters(log.with_suffix(suffix)) for suffix in (".before", ".after"))
    return [key for key, number in after.items() if number > before.get(key, 0)]


def seen(log):
    """Returns what was seen of a client: its name and more about it, and its section of the page but for the title."""
    name, version, language, registry, address = log.read_text().strip().split("\t")
    own = {}
    for dialect, method, route, status in completed(log):
        # A browser's own questions, and requests of this test to the management listener, are no calls.
        if method != "OPTIONS" and dialect:
            own.setdefault((method, route), set()).add(status)
    other = [key for key in own if key[1] in BACK_END]
    refusals = sorted({status for key in other for status in own.pop(key) if int(status) >= 400})

    rows = [(route, method, "gateway", "", statuses(own[method, route])) for method, route in own]
    relayed = [json.loads(line) for line in log.with_suffix(".calls").read_text().splitlines()]
    calls = {(call["path"], call["method"], ", ".join(call["token"]), call["status"]) for call in relayed}
    rows += [(path, method, "back end", token, status) for path, method, token, status in calls]
    lines = ["| call | answered by | status | token for the back end |", "| --- | --- | --- | --- |"]
    for path, method, by, token, status in sorted(rows, key=lambda row: (row[2] != "gateway", row)):
        lines.append(f"| `{method} {path}` | {by} | {status} | {token} |")
    if refusals:
        lines.append(f"| calls for the back end without a valid token | gateway | {', '.join(refusals)} | |")

    works = [line.removeprefix("works: ") for line in log.with_suffix(".out").read_text().splitlines() if line.startswith("works: ")]
    assert works and relayed, f"{name} {version} has done nothing"
    section = textwrap.fill(f"Works: {', '.join(works)}.", 120) + "\n\n" + "\n".join(lines) + "\n"
    return (name, language, registry, address), version, section


def statuses(found):
    return ", ".join(sorted(found))


def page(logs, exchanges):
    clients = {}
    for log in logs:
        about, version, section = seen(log)
        clients.setdefault(about, {}).setdefault(section, []).append(version)
    text = HEAD
    for (name, language, registry, address), sections in clients.items():
        versions = ", ".join(version for versions in sections.values() for version in versions)
        text += f"| [{name}](#{name}) | {versions} | {language} | {registry} | {address} |\n"
    for (name, *_), sections in clients.items():
        text += f"\n## {name}\n"
        for section, versions in sections.items():
            if len(sections) > 1:
                text += f"\nVersion {', '.join(versions)}:\n"
            text += "\n" + section
    text += AFTER_CLIENTS
    for exchange in exchanges:
        assert exchange["outcome"] == "ok", exchange
        text += f"| {exchange['dialect']} | `{exchange['conversation']}` | {exchange['source']} |\n"
    return text + END


folder, exchanges, written = map(Path, sys.argv[1:])
new = page(sorted(folder.glob("*.about")), json.loads(exchanges.read_text()))
old = written.read_text() if written.exists() else ""
if new != old and os.environ.get("ISOGLOSS_BLESS"):
    written.write_text(new)
elif new != old:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "docs/clients.md", "seen", lineterm="")
    print("\n".join(lines))
    sys.exit("docs/clients.md says something else: ISOGLOSS_BLESS=1 make clients writes it")
