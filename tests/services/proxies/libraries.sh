# Proxies, and modules of Apache. What each does stands in its script.

install_proxies() {
    (cd "$root" && tests/install nginx apache openidc haproxy traefik envoy)
}

# debian_version PACKAGE: the version of its authors, whatever Debian has mended.
debian_version() {
    dpkg-query --show --showformat '${source:Upstream-Version}' "$1" | sed 's/[+~].*//'
}

# proxy NAME VERSION REGISTRY NEEDS SCRIPT [ARGUMENT]
proxy() {
    local name=$1 version=$2 registry=$3 needs=$4 script=$5
    shift 5
    library "$name" "$version" proxy "$registry" "$needs" \
        "$folder/python/bin/python" "$scripts/proxies/$script.py" "$@"
}

# pinned NAME: the version that tests/install pins.
pinned() {
    sed -n "s/.*beside $1 .*==\([0-9.]*\).*/\1/p" "$root/tests/install"
}

run_proxies() {
    local system='the system'"'"'s authorities (`update-ca-certificates`)'
    export PROXIES=${CARGO_TARGET_DIR:-$root/target}/proxies/bin
    proxy mod_auth_openidc "$(debian_version libapache2-mod-auth-openidc)" Debian "$system" mod_auth_openidc
    proxy mod_oauth2 "$(debian_version libapache2-mod-oauth2)" Debian "$system; \`expiry\`" mod_oauth2
    proxy HAProxy "$(debian_version haproxy)" Debian 'the keys as files' haproxy
    proxy Envoy "$(pinned envoy)" PyPI '`trusted_ca`; `clock_skew_seconds`' envoy
    proxy Traefik "$(pinned traefik)" PyPI '`tls.ca`' forward_auth traefik
    proxy nginx "$(debian_version nginx)" Debian '`proxy_ssl_trusted_certificate`' forward_auth nginx
}
