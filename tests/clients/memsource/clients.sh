# Clients of Memsource from PyPI. What each does stands in `<name>.py`.

# python_client NAME REQUIREMENT...: an environment each, two have a package of the same name.
python_client() {
    local name=$1 python="$folder/$1/bin/python"
    shift
    if ! installed "$name" "$*"; then
        python3 -m venv "$folder/$name"
        "$python" -m pip install --quiet --disable-pip-version-check setuptools wheel requests
        # The setup of one of them imports requests.
        "$python" -m pip install --quiet --disable-pip-version-check --no-build-isolation "$@"
        echo "$*" >"$folder/$name.ready"
    fi
    client "$name" "$python" "$here/memsource/$name.py" "http://$address/web"
}

python_client ansible_memsource memsource==0.0.4
python_client memsource_cli memsource-cli==0.3.8 pbr
python_client phrappy phrappy==1.1.0
python_client phrasetms_client phrasetms-client==1.0.0
