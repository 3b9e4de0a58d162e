#!/usr/bin/env bash
# Real clients of Memsource from PyPI, unmodified, against the gateway with the demo directory.
#
#   tests/clients/memsource.sh PROGRAM [FOLDER]
#
# PROGRAM is the built `isogloss`. FOLDER keeps the clients' virtual environments between runs;
# it is `target/clients` if not given. What each client does stands in `memsource/<client>.py`.
set -euo pipefail

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: $0 PROGRAM [FOLDER]" >&2
    exit 2
fi
program=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
root=$(realpath "$here/../..")
folder=${2:-$root/target/clients}
mkdir -p "$folder"
folder=$(realpath "$folder")

# environment CLIENT REQUIREMENT...: one each, two clients have a package of the same name.
environment() {
    local client=$1 python="$folder/$1/bin/python"
    shift
    [ -e "$folder/$client.ready" ] && return
    echo "installing $client"
    python3 -m venv "$folder/$client"
    "$python" -m pip install --quiet --disable-pip-version-check setuptools wheel requests
    # The setup of one of them imports requests.
    "$python" -m pip install --quiet --disable-pip-version-check --no-build-isolation "$@"
    touch "$folder/$client.ready"
}

environment memsource_cli memsource-cli==0.3.8 pbr
environment ansible_memsource memsource==0.0.4
environment phrasetms_client phrasetms-client==1.0.0
environment phrappy phrappy==1.1.0

work=$(mktemp -d)
gateway=
clean_up() {
    [ -z "$gateway" ] || kill "$gateway" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
ln -s "$root/config" "$work/config"
cd "$work"
ISOGLOSS__SERVER__BIND=127.0.0.1:0 ISOGLOSS__MANAGEMENT__BIND=127.0.0.1:0 \
    "$program" serve --config config/demo.toml 2>log &
gateway=$!
address=
for _ in $(seq 300); do
    address=$(sed -n 's/.*listener="public" address=\([0-9.:]*\).*/\1/p' log)
    # The last line of the start: the routes are there.
    grep -q 'mounted dialect="memsource"' log && [ -n "$address" ] && break
    kill -0 "$gateway" 2>/dev/null || break
    sleep 0.1
done
if [ -z "$address" ]; then
    echo "the gateway did not start:" >&2
    cat log >&2
    exit 1
fi

failed=0
for script in "$here"/memsource/*.py; do
    client=$(basename "$script" .py)
    if "$folder/$client/bin/python" "$script" "http://$address/web" >"$client.out" 2>&1; then
        echo "ok      $client"
    else
        echo "FAILED  $client"
        cat "$client.out"
        failed=1
    fi
done
exit $failed
