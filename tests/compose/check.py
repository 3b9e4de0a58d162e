"""Checks config/compose.yaml: its syntax, and that all names in it and in the files that it mounts lead somewhere.

    python3 check.py REPOSITORY FILE

Writes the environment variables of the gateways to FILE.
"""

import ipaddress
import json
import pathlib
import re
import sys

import yaml
from compose_spec import PyCompose

root = pathlib.Path(sys.argv[1])
file = root / "config/compose.yaml"
failures = []

# The ports at which the programs of the images listen, and the files and folders that they read.
PORTS = {"gateway-1": {8080, 8081}, "gateway-2": {8080, 8081}, "redis": {6379}, "postgres": {5432}, "nginx": {8080}}
PORTS |= {"prometheus": {9090}, "grafana": {3000}}
READ = {
    "gateway": ["/etc/isogloss/"],
    "nginx": ["/etc/nginx/conf.d/"],
    "prometheus": ["/etc/prometheus/"],
    "grafana": ["/etc/grafana/provisioning/", "/etc/isogloss/"],
}


def claim(holds, what):
    """Remembers what does not hold."""
    if not holds:
        failures.append(what)


def reachable(origin, text):
    """Claims that each HOST:PORT in a text is that of a service."""
    for host, port in re.findall(r"([a-z][a-z0-9-]*):(\d{2,5})\b", text):
        claim(int(port) in PORTS.get(host, ()), f"{origin}: nothing listens at {host}:{port}")


def mounted(compose, service, path):
    """Returns the file of the repository that a service sees at that path. Ends this program if there is none."""
    for volume in compose["services"][service].get("volumes", []):
        source, target, *_ = volume.split(":")
        if target == path:
            return (file.parent / source).resolve()
    sys.exit(f"FAILED  {service}: nothing is mounted at {path}")


def services(compose):
    """Claims what holds for each service: image, ports, volumes, dependencies, addresses."""
    subnet = ipaddress.ip_network(compose["networks"]["isogloss"]["ipam"]["config"][0]["subnet"])
    addresses, published = {}, []
    for name, service in compose["services"].items():
        claim(service["image"] == "isogloss" or not service["image"].endswith(":latest"), f"{name}: a moving image")
        for port in service.get("ports", []):
            host, outside, inside = port.split(":")
            claim(host == "127.0.0.1", f"{name}: {port} is open to the network of the laptop")
            claim(int(inside) in PORTS[name], f"{name}: nothing listens at {port}")
            published.append(outside)
        for volume in service.get("volumes", []):
            source, target, *mode = volume.split(":")
            if not source.startswith("."):
                claim(source in compose["volumes"], f"{name}: no volume {source}")
                continue
            claim((file.parent / source).is_file(), f"{name}: no file {source}")
            claim(mode == ["ro"], f"{name}: {source} can be written")
            kind = name.partition("-")[0]
            claim(any(target.startswith(folder) for folder in READ[kind]), f"{name}: {target} is not read")
        for other in service.get("depends_on", {}):
            claim(other in compose["services"], f"{name}: no service {other}")
            if isinstance(service["depends_on"], dict):
                claim("healthcheck" in compose["services"][other], f"{name}: {other} has no health check")
        if isinstance(service["networks"], dict):
            addresses[name] = service["networks"]["isogloss"]["ipv4_address"]
            claim(ipaddress.ip_address(addresses[name]) in subnet, f"{name}: its address is not in {subnet}")
    claim(len(set(addresses.values())) == len(addresses), f"an address twice: {addresses}")
    claim(len(set(published)) == len(published), f"a port twice: {published}")
    claim(set(PORTS) == set(compose["services"]), f"services {set(compose['services'])}")
    return addresses


def gateways(compose, addresses):
    """Claims that the gateways are equal and have no rights, and returns their environment."""
    first, second = ({**compose["services"][f"gateway-{number}"]} for number in (1, 2))
    for gateway in (first, second):
        claim(gateway["read_only"] and gateway["cap_drop"] == ["ALL"], "a gateway has rights")
        claim(gateway["security_opt"] == ["no-new-privileges"], "a gateway may get rights")
        gateway.pop("ports", None)
        gateway.pop("networks")
    claim(first == second, "the gateways differ")
    context = (file.parent / first["build"]["context"]).resolve()
    claim((context / first["build"]["dockerfile"]).is_file(), "there is no Containerfile")
    environment = first["environment"]
    claim(json.loads(environment["ISOGLOSS__SERVER__TRUSTED_PROXIES"]) == [addresses["nginx"]], "nginx is not trusted")
    for variable in ("ISOGLOSS__TOKENS__STORE", "ISOGLOSS__DIRECTORY__URL"):
        reachable(variable, environment[variable].replace("isogloss:isogloss-demo@", ""))
    postgres = compose["services"]["postgres"]["environment"]
    user, password, database = (postgres[f"POSTGRES_{key}"] for key in ("USER", "PASSWORD", "DB"))
    url = environment["ISOGLOSS__DIRECTORY__URL"]
    claim(f"//{user}:{password}@" in url and f"/{database}?" in url, "the database has another name or password")
    mounted(compose, "gateway-1", environment["ISOGLOSS__DIRECTORY__IMPORT"])
    return environment


def monitoring(compose):
    """Claims that Prometheus and Grafana find what they read."""
    path = mounted(compose, "prometheus", "/etc/prometheus/prometheus.yml")
    prometheus = yaml.safe_load(path.read_text(encoding="utf-8"))
    targets = prometheus["scrape_configs"][0]["static_configs"][0]["targets"]
    claim(targets == ["gateway-1:8081", "gateway-2:8081"], f"Prometheus asks {targets}")
    for rules in prometheus["rule_files"]:
        mounted(compose, "prometheus", f"/etc/prometheus/{rules}")
    folder = "/etc/grafana/provisioning"
    source = mounted(compose, "grafana", f"{folder}/datasources/isogloss.yml").read_text(encoding="utf-8")
    reachable("Grafana", source.replace("http:", ""))
    [source] = yaml.safe_load(source)["datasources"]
    provider = yaml.safe_load(mounted(compose, "grafana", f"{folder}/dashboards/isogloss.yml").read_text(encoding="utf-8"))
    dashboard = f"{provider['providers'][0]['options']['path']}/grafana.json"
    home = compose["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    claim(home == dashboard, f"the home of Grafana is {home}, the dashboard {dashboard}")
    wanted = json.loads(mounted(compose, "grafana", dashboard).read_text(encoding="utf-8"))["templating"]["list"][0]
    claim((wanted["type"], wanted["query"]) == ("datasource", source["type"]), "the dashboard needs another data source")


def main():
    """Checks everything, and says what does not hold."""
    text = file.read_text(encoding="utf-8")
    compose = yaml.safe_load(text)
    # Merge keys are resolved first. This refuses unknown keys and wrong types.
    PyCompose.from_yaml(yaml.safe_dump({key: value for key, value in compose.items() if not key.startswith("x-")}))
    addresses = services(compose)
    environment = gateways(compose, addresses)
    monitoring(compose)
    path = mounted(compose, "nginx", "/etc/nginx/conf.d/default.conf")
    nginx = path.read_text(encoding="utf-8")
    reachable("nginx", nginx)
    claim("listen 8080;" in nginx, "nginx listens elsewhere")
    for line in text.splitlines():
        for port in re.findall(r"^#   http://127\.0\.0\.1:(\d+)", line):
            claim(f'127.0.0.1:{port}:' in text, f"the comment names port {port}")
    pathlib.Path(sys.argv[2]).write_text("".join(f"{key}={value}\n" for key, value in environment.items()), encoding="utf-8")
    print(*failures, sep="\n", file=sys.stderr, end="\n" if failures else "")
    print("ok      compose: syntax and names" if not failures else "FAILED")
    sys.exit(1 if failures else 0)


main()
