# Clients of Memsource from PyPI. What each does stands in the script of its name.

# python_client SCRIPT PACKAGE VERSION ADDRESS [REQUIREMENT...]: an environment each, two have a package of the same name.
python_client() {
    local script=$1 package=$2 version=$3 address_setting=$4 python="$folder/$1/bin/python"
    shift 4
    if ! installed "$script" "$package $version $*"; then
        python3 -m venv "$folder/$script"
        "$python" -m pip install --quiet --disable-pip-version-check setuptools wheel requests
        # The setup of one of them imports requests.
        "$python" -m pip install --quiet --disable-pip-version-check --no-build-isolation "$package==$version" "$@"
        echo "$package $version $*" >"$folder/$script.ready"
    fi
    client "$package" "$version" Python PyPI "$address_setting" \
        "$python" "$here/memsource/$script.py" "http://$address/web"
}

python_client memsource_cli memsource-cli 0.3.8 'variable `MEMSOURCE_URL`, with `/web`' pbr
python_client ansible_memsource memsource 0.0.4 'constants `MEMSOURCE_ENDPOINT_V1_URL` and `MEMSOURCE_ENDPOINT_V2_URL`'
python_client phrappy phrappy 1.1.0 '`base_url`, with `/web`'
python_client phrasetms_client phrasetms-client 1.0.0 '`Configuration(host=…)`, with `/web`'
