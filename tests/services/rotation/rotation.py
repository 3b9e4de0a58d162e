"""Changes the secret of JWTs, and then their algorithm, while Envoy and PyJWT verify JWTs all the time.

    python3 rotation.py CONFIG

Two gateways have one Redis and one directory. Each step restarts them one after the other. CONFIG is the demo's folder.
"""

import http.client
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import ExitStack
from pathlib import Path

import jwt

from gateway import exchange, free_ports, login, seen

HERE = Path(__file__).parent
LIFETIME = 4
# How long services cache the key set, as `cache_duration` in envoy.yaml has it. PyJWT's own default is 5 minutes, and it looks
# for unknown keys twice a minute at most.
CACHE = 1
FIRST, SECOND = secrets.token_hex(32), secrets.token_hex(32)

# What the gateways have in [jwt], and how long the next step waits: until caches have the keys that are new, or until no
# JWT is valid whose key will be removed.
STEPS = [
    ('algorithm = "EdDSA"\nsecret_file = "first"', CACHE),
    ('algorithm = "EdDSA"\nsecret_file = "first"\nnext_secret_file = "second"', CACHE),
    ('algorithm = "EdDSA"\nsecret_file = "second"\nprevious_secret_file = "first"', LIFETIME),
    ('algorithm = "EdDSA"\nsecret_file = "second"', CACHE),
    ('algorithm = "EdDSA"\nsecret_file = "second"\nalso_publish = ["RS256"]', CACHE),
    ('algorithm = "RS256"\nsecret_file = "second"\nalso_publish = ["EdDSA"]', LIFETIME),
    ('algorithm = "RS256"\nsecret_file = "second"', CACHE),
]


def wait_for(condition, process, what):
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline, what
        time.sleep(0.05)


class Server:
    """A process that ends with the script."""

    def __init__(self, stack, name, *command, **environment):
        self.name, self.command = name, command
        self.environment = {**os.environ, **environment}
        self.log = Path(f"{name}.log")
        self.process = None
        stack.callback(self.stop)

    def start(self, is_ready):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log)
        wait_for(is_ready, self.process, f"{self.name} did not start")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()


def status(port, path, token=None):
    """Returns status and text of a response; no status without a response."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    except OSError as error:
        return None, str(error)
    finally:
        connection.close()


class Services(threading.Thread):
    """Services that verify each JWT after its issue, and again later."""

    def __init__(self, token, gateways, service):
        super().__init__(daemon=True)
        self.token, self.gateways, self.service = token, f"http://127.0.0.1:{gateways}", service
        self.keys = jwt.PyJWKClient(f"{self.gateways}/.well-known/jwks.json", lifespan=CACHE)
        self.checks, self.refusals, self.signers = 0, [], set()
        self.ended = threading.Event()

    def run(self):
        issued = deque()
        while not self.ended.is_set():
            try:
                token = exchange(self.token, self.gateways)
            except OSError as error:
                self.refusals.append(f"no JWT: {error}")
                continue
            issued.append((time.monotonic() + LIFETIME / 2, token))
            self.check(token)
            while issued and issued[0][0] < time.monotonic():
                self.check(issued.popleft()[1])
            time.sleep(0.02)

    def check(self, token):
        refusals = list(self.verify(token))
        # On a slow machine, a JWT may have expired meanwhile.
        claims = jwt.decode(token, options={"verify_signature": False})
        if time.time() < claims["exp"]:
            self.checks += 1
            self.refusals += refusals

    def verify(self, token):
        """Returns the refusals of Envoy and PyJWT."""
        header = jwt.get_unverified_header(token)
        self.signers.add((header["alg"], header["kid"]))
        answer, text = status(self.service, "/", token)
        if answer != 200:
            yield f"Envoy: {answer} {text} {header}"
        try:
            key = self.keys.get_signing_key_from_jwt(token)
            jwt.decode(token, key, algorithms=["EdDSA", "RS256"], audience="services")
        except jwt.PyJWTError as error:
            yield f"PyJWT: {error!r} {header}"


def main(stack):
    # A folder in a folder: paths of the demo lead out of it, and the gateway of `run` has its data here.
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=os.getcwd())), "rotation")
    shutil.copytree(sys.argv[1], folder / "config")
    shutil.copy(HERE / "gateway.toml", folder)
    os.chdir(folder)
    Path("first").write_text(FIRST)
    Path("second").write_text(SECOND)

    ports = dict(zip("redis public_a public_b 9001 9002 8081 8443".split(), free_ports(7)))
    redis = Server(stack, "redis", "redis-server", "--port", str(ports["redis"]), "--save", "", "--bind", "127.0.0.1")
    redis.start(lambda: "Ready to accept connections" in redis.log.read_text())

    # The environment of `run` is that of another gateway.
    for name in [name for name in os.environ if name.startswith("ISOGLOSS__")]:
        del os.environ[name]
    gateways = [
        Server(
            stack,
            f"gateway-{public}",
            os.environ["PROGRAM"],
            *"serve --config config/demo.toml --config gateway.toml --config step.toml".split(),
            ISOGLOSS__TOKENS__STORE=f"redis://127.0.0.1:{ports['redis']}",
            ISOGLOSS__SERVER__BIND=f"127.0.0.1:{ports[public]}",
            ISOGLOSS__MANAGEMENT__BIND=f"127.0.0.1:{ports[management]}",
        )
        for public, management in (("public_a", "9001"), ("public_b", "9002"))
    ]
    management = {gateways[0].name: ports["9001"], gateways[1].name: ports["9002"]}

    def restart(settings):
        Path("step.toml").write_text(f"[jwt]\n{settings}\n")
        for gateway in gateways:
            gateway.stop()
            gateway.start(lambda: status(management[gateway.name], "/readyz")[0] == 200)

    restart(STEPS[0][0])

    words = {f"port_value: {name}": f"port_value: {port}" for name, port in ports.items()}
    words["127.0.0.1:8081"] = f"127.0.0.1:{ports['8081']}"
    text = (HERE / "envoy.yaml").read_text()
    Path("envoy.yaml").write_text(re.sub("|".join(map(re.escape, words)), lambda word: words[word[0]], text))
    envoy = [f"{os.environ['PROXIES']}/envoy", "-c", "envoy.yaml", "--concurrency", "1", "--disable-hot-restart"]
    envoy = Server(stack, "envoy", *envoy, "--log-level", "warning")
    envoy.start(lambda: status(ports["8443"], "/")[0] == 401)

    token = login(f"http://127.0.0.1:{ports['public_a']}")["memsource"]
    services = Services(token, ports["8081"], ports["8443"])
    services.start()
    for (_, pause), (settings, _) in zip(STEPS, STEPS[1:]):
        time.sleep(pause + 0.5)
        restart(settings)
    time.sleep(LIFETIME)
    services.ended.set()
    services.join()

    print(f"{services.checks} checks, {len(services.refusals)} refusals, keys: {sorted(services.signers)}")
    assert not services.refusals, services.refusals[:10]
    assert services.checks > 100
    # One for each secret, and one for the new algorithm.
    assert [alg for alg, _ in sorted(services.signers)] == ["EdDSA", "EdDSA", "RS256"], services.signers
    seen("The secret of the keys was changed, and then their algorithm from EdDSA to RS256.")


with ExitStack() as stack:
    try:
        main(stack)
    except BaseException:
        for log in Path().glob("*.log"):
            print(f"{log}:\n{log.read_text()[-2000:]}", file=sys.stderr)
        raise
