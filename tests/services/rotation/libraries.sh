# The change of the secret and of the algorithm of JWTs: `rotation.py` describes it.

install_rotation() {
    (cd "$root" && tests/install redis envoy)
}

run_rotation() {
    export PROXIES=${CARGO_TARGET_DIR:-$root/target}/proxies/bin
    library rotation '' '' '' '' "$folder/python/bin/python" "$scripts/rotation/rotation.py" "$work/config"
}
