"""Checks the chart in config/helm and the manifests in config/kubernetes, without a cluster.

    python3 check.py REPOSITORY PROGRAM

PROGRAM is the built `isogloss`. The manifests are what the chart makes with its defaults; with ISOGLOSS_BLESS=1, they are
written. All of it has to be valid for each of VERSIONS of Kubernetes, by the schemas that kubernetes-validate has, which
refuse unknown fields.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import kubernetes_validate
import yaml
from helm_python.errors import HelmError

import helm

VERSIONS = ["1.29", "1.30", "1.31", "1.32", "1.33"]
# Chart values that switch all on that is off, and off that is on.
VARIANTS = {
    "defaults": {},
    "all": {
        "image": {"repository": "r.example.com/i", "tag": "1", "pullSecrets": ["registry"]},
        "trustedProxies": ["10.1.0.0/16", "fd00::/8"],
        "preStopSeconds": 5,
        "ingress": {"enabled": True, "className": "nginx", "annotations": {"a": "b"}},
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "podAnnotations": {"a": "b"},
    },
    "little": {
        "autoscaling": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "restartOnChange": False,
        "replicas": 3,
    },
}
# Values that the schema of the chart has to refuse, and a word of the message.
REFUSED = [
    ({"replica": 2}, "replica"),
    ({"replicas": "two"}, "replicas"),
    ({"drainSeconds": 0}, "drainSeconds"),
    ({"networkPolicy": {"managementFrom": []}}, "managementFrom"),
    ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"),
]
HEADER = "# What the chart in config/helm makes with its defaults. Change it there.\n"

root, program = pathlib.Path(sys.argv[1]), sys.argv[2]
chart = root / "config/helm/isogloss"
failures = []


def claim(holds, what):
    """Remembers what does not hold."""
    if not holds:
        failures.append(what)


def documents(manifests):
    """Returns the objects of rendered manifests, by kind and name."""
    found = [document for text in manifests.values() for document in yaml.safe_load_all(text) if document]
    return {(document["kind"], document["metadata"]["name"]): document for document in found}


def valid(name, objects):
    """Claims that all objects are valid for all versions. The schemas do not have those of operators."""
    for (kind, _), document in objects.items():
        if kind == "ServiceMonitor":
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                claim(False, f"{name}: {kind} for Kubernetes {version}: {'.'.join(map(str, error.path))}: {error.message}")


def consistent(name, objects):
    """Claims that the objects fit to each other: labels, ports, names, times."""
    deployment = objects["Deployment", "isogloss"]
    template = deployment["spec"]["template"]
    pod, labels = template["spec"], template["metadata"]["labels"]
    [container] = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    env = {variable["name"]: variable["value"] for variable in container["env"]}
    spread = [constraint["labelSelector"] for constraint in pod["topologySpreadConstraints"]]
    claim(len(spread) == 2, f"{name}: the pods are not spread")
    selectors = [deployment["spec"]["selector"], *spread, objects["PodDisruptionBudget", "isogloss"]["spec"]["selector"]]
    if policy := objects.get(("NetworkPolicy", "isogloss")):
        selectors.append(policy["spec"]["podSelector"])
        rules = {rule["ports"][0]["port"]: rule.get("from") for rule in policy["spec"]["ingress"]}
        claim(rules["public"] is None and rules["management"], f"{name}: the management listener is open: {rules}")
        claim(set(rules) == set(ports), f"{name}: rules for {set(rules)}, ports {set(ports)}")
    selectors += [{"matchLabels": service["spec"]["selector"]} for (kind, _), service in objects.items() if kind == "Service"]
    for selector in selectors:
        claim(selector["matchLabels"].items() <= labels.items(), f"{name}: {selector} does not select the pods")
    for (kind, service), document in objects.items():
        if kind == "Service":
            claim({port["targetPort"] for port in document["spec"]["ports"]} <= set(ports), f"{name}: ports of {service}")
    management = objects["Service", "isogloss-management"]
    claim(management["spec"]["type"] == "ClusterIP", f"{name}: the management listener can be reached from outside")
    public = objects["Service", "isogloss"]["spec"]["ports"]
    claim([port["targetPort"] for port in public] == ["public"], f"{name}: the public service has other ports")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        wanted = "/readyz" if probe == "readinessProbe" else "/healthz"
        asked = container[probe]["httpGet"]
        claim(asked == {"path": wanted, "port": "management"}, f"{name}: {probe} asks {asked}")
    for key, port in (("SERVER", "public"), ("MANAGEMENT", "management")):
        claim(env[f"ISOGLOSS__{key}__BIND"] == f"0.0.0.0:{ports[port]}", f"{name}: the port {port}")
    seconds = [int(env[f"ISOGLOSS__SERVER__{key}"].rstrip("s")) for key in ("DRAIN_DELAY", "SHUTDOWN_TIMEOUT")]
    pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    claim(pod["terminationGracePeriodSeconds"] >= sum(seconds) + pause + 30, f"{name}: pods are killed too early")
    readiness = container["readinessProbe"]
    unready = readiness["periodSeconds"] * readiness["failureThreshold"]
    claim(seconds[0] > unready, f"{name}: the drain ends before a failing probe is noticed")
    claim(pod["securityContext"]["runAsUser"] == 65532 and pod["securityContext"]["runAsNonRoot"], f"{name}: the user")
    rights = container["securityContext"]
    claim(
        rights["readOnlyRootFilesystem"]
        and not rights["allowPrivilegeEscalation"]
        and rights["capabilities"] == {"drop": ["ALL"]},
        f"{name}: the container has rights: {rights}",
    )
    if monitor := objects.get(("ServiceMonitor", "isogloss")):
        claim(monitor["spec"]["selector"]["matchLabels"].items() <= management["metadata"]["labels"].items(), f"{name}: monitor")
        [endpoint] = monitor["spec"]["endpoints"]
        claim(endpoint["port"] in [port["name"] for port in management["spec"]["ports"]], f"{name}: the monitor's port")
    autoscaler = objects.get(("HorizontalPodAutoscaler", "isogloss"))
    least = autoscaler["spec"]["minReplicas"] if autoscaler else deployment["spec"]["replicas"]
    claim(least >= 2, f"{name}: {least} pod")
    claim(not (autoscaler and "replicas" in deployment["spec"]), f"{name}: each upgrade undoes the autoscaling")
    claim("cpu" in container["resources"]["requests"], f"{name}: no CPU is requested, which autoscaling needs")
    return container, env


def starts(container, env, settings):
    """Claims that the gateway accepts the settings and the variables, and that it has the command."""
    with tempfile.TemporaryDirectory() as folder:
        for name, secret in {
            "pepper": "0123456789abcdef0123456789abcdef",
            "token-store": "redis://:secret@redis.example.com/0",
            "directory": "postgres://isogloss:secret@db.example.com/isogloss",
        }.items():
            pathlib.Path(folder, name).write_text(secret + "\n", encoding="utf-8")
        file = pathlib.Path(folder, "isogloss.toml")
        file.write_text(settings, encoding="utf-8")
        env = {key: value.replace("/run/secrets/isogloss", folder) for key, value in env.items()}
        program_name, command, option, path = container["command"]
        claim((program_name, option, path) == ("isogloss", "--config", "/etc/isogloss/isogloss.toml"), "the command")
        for arguments in ([command, "--help"], ["config", "check", option, str(file)]):
            result = subprocess.run([program, *arguments], env=env, capture_output=True, text=True, check=False)
            claim(result.returncode == 0, f"isogloss {' '.join(arguments)}: {result.stdout}{result.stderr}")


def same(manifests):
    """Claims that the manifests are those of the repository, and that its kustomization names each of them."""
    folder = root / "config/kubernetes"
    if os.environ.get("ISOGLOSS_BLESS"):
        for file in folder.glob("*.yaml"):
            if file.name != "kustomization.yaml":
                file.unlink()
        for name, text in manifests.items():
            (folder / name).write_text(HEADER + text, encoding="utf-8")
    there = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.yaml")}
    named = yaml.safe_load(there.pop("kustomization.yaml"))["resources"]
    claim(sorted(named) == sorted(there), f"kustomization.yaml names {sorted(named)}, there are {sorted(there)}")
    wanted = {name: HEADER + text for name, text in manifests.items()}
    claim(there == wanted, "config/kubernetes is not what the chart makes: set ISOGLOSS_BLESS=1 to write it")


def main():
    """Checks everything, and says what does not hold."""
    warnings.simplefilter("ignore")
    for name, values in VARIANTS.items():
        claim(not (found := helm.problems(chart, values)), f"{name}: {found}")
        manifests = helm.render(chart, values)
        objects = documents(manifests)
        valid(name, objects)
        container, env = consistent(name, objects)
        starts(container, env, objects["ConfigMap", "isogloss"]["data"]["isogloss.toml"])
    for values, word in REFUSED:
        try:
            helm.render(chart, values)
            claim(False, f"the schema of the chart accepts {values}")
        except HelmError as error:
            claim(word in str(error), f"{values}: {error}")
    # Without what only Helm can keep up to date.
    same(helm.render(chart, {"restartOnChange": False}))
    version = re.search(r'^version = "(.*)"$', (root / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)[1]
    about = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    claim(about["appVersion"] == version, f"appVersion is not {version}")
    print(*failures, sep="\n", file=sys.stderr)
    print(f"ok      chart and manifests for Kubernetes {', '.join(VERSIONS)}" if not failures else "FAILED")
    sys.exit(1 if failures else 0)


main()
