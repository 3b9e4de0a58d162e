"""What the scripts of this folder have in common: a service, and a proxy in front of it.

The configurations have addresses and a key of examples. `configure` replaces them.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from gateway import ISSUER, KEY, MANAGEMENT

FOLDER = Path(__file__).parent
AUTHORITY = os.environ["AUTHORITY"]
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

# A folder that servers can read that change their user.
work = tempfile.TemporaryDirectory(dir=os.getcwd())
os.chmod(work.name, 0o755)


class Service(BaseHTTPRequestHandler):
    """Responds with the headers that it receives."""

    def do_GET(self):
        body = json.dumps({name.lower().replace("_", "-"): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def start_service():
    """Starts the service, and returns its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"127.0.0.1:{server.server_port}"


def configure(name, ports, **others):
    """Writes a configuration of this folder with the addresses of this run, and returns its path.

    `ports` are those at which the proxy listens: in the file, they are 8443, 8444 and so on. `others` are further words
    of the file and their replacements.
    """
    replacements = {
        "login.example.com:443": urllib.parse.urlsplit(ISSUER).netloc,
        "https://login.example.com": ISSUER,
        "https://gateway.example.com:8081": MANAGEMENT,
        "gateway.example.com": "localhost",
        "login.example.com": "localhost",
        "port_value: 443": f"port_value: {urllib.parse.urlsplit(ISSUER).port}",
        "127.0.0.1:9000": start_service(),
        "KEY-FORM-ENCODED": urllib.parse.quote_plus(KEY),
        "KEY-OF-ARCHIVE": KEY,
        SYSTEM_AUTHORITIES: AUTHORITY,
        **{str(8443 + index): str(port) for index, port in enumerate(ports)},
        **others,
    }
    # In one pass: what is inserted is not replaced again.
    words = "|".join(re.escape(word) for word in sorted(replacements, key=len, reverse=True))
    text = re.sub(words, lambda word: replacements[word[0]], (FOLDER / name).read_text())
    path = Path(work.name, name)
    path.write_text(text)
    return str(path)


def with_system_trust(command):
    """Returns the command, changed so that the system's list of authorities has that of this run: as
    `update-ca-certificates` would do it, but for this process alone."""
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    mount = f'mount --bind "$0" {SYSTEM_AUTHORITIES} && unset SSL_CERT_FILE && exec "$@"'
    return [*unshare, "sh", "-c", mount, AUTHORITY, *command]


@contextmanager
def running(command, ports):
    """Runs the proxy until the block ends."""
    log = Path(work.name, "log")
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=work.name, stdout=output, stderr=output)
    try:
        wait_until_ready(process, ports)
        yield
    except BaseException:
        for file in (log, *Path(work.name).glob("*.log")):
            print(file.read_text(errors="replace")[-4000:], file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait()


def wait_until_ready(process, ports):
    deadline = time.monotonic() + 60
    for port in ports:
        while not is_ready(port):
            assert process.poll() is None and time.monotonic() < deadline, "the proxy did not start"
            time.sleep(0.05)


def is_ready(port):
    """Returns whether the proxy responds. Traefik has no routes at first."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status != 404
    except OSError:
        return False
    finally:
        connection.close()


def call(port, path="/", headers=(), token=None):
    """Returns the headers that the service received, or `None` if the proxy refused the call."""
    headers = dict(headers)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status in (401, 403):
        return None
    assert response.status == 200, (response.status, body)
    return json.loads(body)


def claims(received, prefix):
    """Returns the claims that a proxy passes on in headers with that prefix."""
    assert received is not None, "refused"
    return {
        "username": received.get(f"{prefix}username"),
        "role": received.get(f"{prefix}role"),
        "dialect": received.get(f"{prefix}dialect"),
        "scope": received.get(f"{prefix}scope"),
    }
