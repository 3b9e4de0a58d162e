# Libraries from PyPI. What each does stands in its script.

install_python() {
    local requirements
    requirements=$(cksum <"$here/python/requirements.txt")
    installed python "$requirements" && return
    python3 -m venv "$folder/python"
    "$folder/python/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/python/requirements.txt"
    echo "$requirements" >"$folder/python.ready"
}

# python_version PACKAGE: the one that requirements.txt pins.
python_version() {
    sed -n "s/^$1==//p" "$here/python/requirements.txt"
}

# python_library NEEDS SCRIPT NAME [NAME]: packages that are used together.
python_library() {
    local needs=$1 script=$2
    shift 2
    library "$(join_names "$@")" "$(join_versions python_version "$@")" Python PyPI "$needs" \
        "$folder/python/bin/python" "$scripts/python/$script.py"
}

run_python() {
    local requests='`REQUESTS_CA_BUNDLE`' python='`SSL_CERT_FILE`'
    python_library "$requests" plain_requests requests
    python_library "$requests" requests_session requests-oauthlib
    python_library "$requests" authlib_session Authlib Flask
    python_library "$requests" django_service django-oauth-toolkit Django
    python_library "$python" pyjwt_keys PyJWT
    python_library "$requests" python_jose python-jose
}
