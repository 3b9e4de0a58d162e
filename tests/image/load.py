"""Sends requests on persistent connections until a file is there, and counts those that fail.

    python3 load.py FILE ENDPOINT...

An ENDPOINT is HOST:PORT, or HOST:PORT=HOST:PORT with the address of /readyz. Then new connections go only to endpoints
that were ready LAG seconds ago, as in a cluster, where each change takes a while to reach all nodes. Every failure counts:
a refused or broken connection, and each status but 200. Nothing is sent twice. LOGINS is the number of clients that log in
all the time, 2 by default; 6 others check tokens.
"""

import http.client
import json
import os
import sys
import threading
import time

INTERVAL, LAG = 0.5, 1
CHECKERS, LOGINS = 6, int(os.environ.get("LOGINS", "2"))
PAUSE = 0.01

ended_file, *arguments = sys.argv[1:]
endpoints = [argument.partition("=")[::2] for argument in arguments]
# The addresses for new connections.
chosen = [address for address, _ in endpoints]
lock = threading.Lock()
sent, failures = 0, []


def ended():
    """Whether the file is there."""
    return os.path.exists(ended_file)


def ready(address):
    """Whether /readyz at that address succeeds."""
    try:
        connection = http.client.HTTPConnection(address, timeout=1)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False


def watch():
    """Chooses addresses by their readiness, with the delay of a cluster."""
    while not ended():
        now = [address for address, readyz in endpoints if not readyz or ready(readyz)]
        time.sleep(LAG)
        chosen[:] = now
        time.sleep(INTERVAL)


class Client:
    """A client with one connection at a time."""

    def __init__(self, number):
        self.number, self.connection = number, None

    def send(self, method, path, body=None, headers=()):
        """Returns the response as an object. Fails if it is no success."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(chosen[self.number % len(chosen)], timeout=30)
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data, {"Content-Type": "application/json", **dict(headers)})
        response = self.connection.getresponse()
        text = response.read()
        if response.will_close:
            self.connection = None
        if response.status != 200:
            raise RuntimeError(f"status {response.status}")
        return json.loads(text)

    def login(self):
        """Returns a token."""
        return self.send("POST", "/web/api2/v3/auth/login", {"userName": "admin", "password": "admin-demo"})["token"]

    def check(self, token):
        """Checks a token."""
        self.send("GET", "/web/api2/v1/auth/whoAmI", headers={"Authorization": f"ApiToken {token}"})

    def repeat(self, action, pause):
        """Repeats an action until the end, and counts."""
        global sent
        while not ended():
            try:
                action()
            except Exception as error:
                self.connection = None
                with lock:
                    failures.append(f"{type(error).__name__}: {error}")
            with lock:
                sent += 1
            time.sleep(pause)


clients = [Client(number) for number in range(CHECKERS + LOGINS)]
token = clients[0].login()
threads = [threading.Thread(target=watch)] if any(readyz for _, readyz in endpoints) else []
for client in clients[:CHECKERS]:
    threads.append(threading.Thread(target=client.repeat, args=(lambda client=client: client.check(token), PAUSE)))
for client in clients[CHECKERS:]:
    threads.append(threading.Thread(target=client.repeat, args=(client.login, PAUSE * 50)))
for thread in threads:
    thread.start()
print("started", flush=True)
for thread in threads:
    thread.join()
for failure in sorted(set(failures)):
    print(failures.count(failure), failure)
print(f"{sent} requests, {len(failures)} failed")
sys.exit(1 if failures or sent < 10 else 0)
