"""Does what two commands of Helm do, with Helm's own library, whose package on PyPI is helm-python-sdk.

    python3 helm.py template NAME CHART [--values FILE]...    prints the manifests
    python3 helm.py lint CHART [--values FILE]... --strict    fails if the chart has errors or warnings
"""

import argparse
import sys

from helm_python.chart import Chart, lint, values_from_yaml


def merged(files):
    """Returns the values of all files; of those that several files set, the last one."""

    def merge(old, new):
        for key, value in new.items():
            if isinstance(value, dict) and isinstance(old.get(key), dict):
                merge(old[key], value)
            else:
                old[key] = value

    values = {}
    for file in files:
        with open(file, encoding="utf-8") as text:
            merge(values, values_from_yaml(text.read()))
    return values


def render(chart, values, name="isogloss"):
    """Returns the manifests of a chart by the names of their templates. Fails if the values do not fit its schema."""
    with Chart.load(chart) as loaded:
        loaded.validate_schema(loaded.merge_values(values))
        rendered = loaded.render(values, name=name)
    return {key.rpartition("/")[2]: text.strip() + "\n" for key, text in sorted(rendered.items()) if text.strip()}


def problems(chart, values):
    """Returns what a strict check of the chart finds. That it has no picture is none."""
    report = lint(chart, values, strict=True)
    found = [message["error"] for message in report["messages"] if message["severity"] > 1]
    return found + report["errors"]


def main():
    """Runs the command of the arguments."""
    parser = argparse.ArgumentParser(prog="helm")
    commands = parser.add_subparsers(dest="command", required=True)
    template = commands.add_parser("template")
    template.add_argument("name")
    check = commands.add_parser("lint")
    check.add_argument("--strict", action="store_true", required=True)
    for command in (template, check):
        command.add_argument("chart")
        command.add_argument("--values", action="append", default=[])
    arguments = parser.parse_args()
    values = merged(arguments.values)
    if arguments.command == "template":
        print("---\n".join(render(arguments.chart, values, arguments.name).values()), end="")
        return
    found = problems(arguments.chart, values)
    print(*found, sep="\n", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
