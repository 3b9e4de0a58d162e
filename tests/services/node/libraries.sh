# Libraries from npm. What each does stands in the script of its name.

install_node() {
    "$root/tests/install" npm
    local lock
    lock=$(cksum <"$here/node/package-lock.json")
    installed node "$lock" && return
    mkdir "$folder/node"
    cp "$here"/node/package*.json "$folder/node"
    npm --prefix "$folder/node" ci --ignore-scripts --engine-strict --no-audit --no-fund --loglevel=error
    echo "$lock" >"$folder/node.ready"
}

# version PACKAGE: the one that package.json pins.
node_version() {
    sed -n "s/.*\"$1\": \"\(.*\)\".*/\1/p" "$here/node/package.json"
}

# node_library NEEDS NAME [NAME]: a script of the first name, for packages that are used together.
node_library() {
    local needs=$1 name=$2
    shift
    library "$(join_names "$@")" "$(join_versions node_version "$@")" JavaScript npm "$needs" \
        node "$scripts/node/$name.mjs"
}

run_node() {
    ln -s "$folder/node/node_modules" "$scripts/node/node_modules"
    export NODE_EXTRA_CA_CERTS=$work/authority.pem
    local authority='`NODE_EXTRA_CA_CERTS`'
    node_library "$authority" openid-client
    node_library "$authority" oauth4webapi
    node_library "$authority" jose
    node_library "$authority" jsonwebtoken jwks-rsa
    node_library "$authority" express-oauth2-jwt-bearer express
}
