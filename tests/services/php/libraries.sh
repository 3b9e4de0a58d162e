# PHP, from Debian.

install_php() {
    (cd "$root" && tests/install php)
}

run_php() {
    library 'PHP with curl' "$(php -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')" PHP Debian '`curl.cainfo`' \
        php -d "curl.cainfo=$AUTHORITY" "$scripts/php/introspection.php"
}
