"""A back end for the published clients: the vendors' other calls, answered in the shape that clients parse.

    python3 server.py CALLS

Prints its address. Appends to CALLS, for every call, a line of JSON: method, path, user, status, and where the token was.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

import bimplus
import crmcom
import memsource
import tokenlogin
from call import Call

DIALECTS = [bimplus, crmcom, memsource, tokenlogin]
# Each must be there exactly once, whatever the client sent.
IDENTITY = [
    "X-Isogloss-" + name
    for name in (
        "User User-Name User-Number Email Organisation Organisation-Id Unit Role Dialect Client Application Team "
        "Project Claimed-Project Actor Expires Jwt"
    ).split()
]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_call(self):
        call = Call(self.command, self.path, self.headers, self.read_body())
        dialect, path, answer = find(call)
        status, body = answer(call)
        complaint = complain(call, dialect)
        if complaint:
            status, body = 500, {"complaint": complaint}
        record(call, path, status)
        self.send(status, body)

    do_GET = do_POST = do_PUT = do_DELETE = handle_call

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def send(self, status, body):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if body is not None:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def find(call):
    """Returns the dialect, the path with names in place of values, and the function that answers."""
    for dialect in DIALECTS:
        for method, template, answer in dialect.ROUTES:
            path = match(template, call.path)
            if path and method == call.method:
                return dialect, path, answer
    return None, call.path, lambda call: (404, {"complaint": f"no {call.method} {call.path}"})


def match(template, path):
    """Returns the path with the names of the template in place of its values, or None if it is another path.

    Empty segments do not matter, but stay: some clients double a slash.
    """
    names = iter(template.strip("/").split("/"))
    written = []
    for segment in path.split("/"):
        if not segment:
            written.append("")
            continue
        name = next(names, None)
        if name is None or not (name.startswith("{") or name.lower() == segment.lower()):
            return None
        written.append(name if name.startswith("{") else segment)
    return "/".join(written) if next(names, None) is None else None


def complain(call, dialect):
    """Returns what is wrong with the identity headers, or None."""
    for name in IDENTITY:
        values = call.headers.get_all(name, [])
        if len(values) != 1:
            return f"{name} is there {len(values)} times"
    if not call.user:
        return "no user"
    if dialect and call.headers["X-Isogloss-Dialect"] != dialect.NAME:
        return f"a call of {dialect.NAME} with the identity of {call.headers['X-Isogloss-Dialect']}"
    return None


lock = Lock()


def record(call, path, status):
    line = {"method": call.method, "path": path, "user": call.user, "token": call.token_places(), "status": status}
    with lock, open(sys.argv[1], "a", encoding="utf-8") as calls:
        calls.write(json.dumps(line) + "\n")


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print("{}:{}".format(*server.server_address), flush=True)
server.serve_forever()
