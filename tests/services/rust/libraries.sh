# Libraries from crates.io. What each does stands in the program of its name.

install_rust() {
    # Compiled with what this package needs, which is not what the workspace needs.
    CARGO_TARGET_DIR=$folder/rust cargo build --quiet --locked --manifest-path "$here/rust/Cargo.toml"
}

# rust_library NEEDS NAME
rust_library() {
    local version
    version=$(sed -n "s/^$2 = \"=\(.*\)\"/\1/p" "$here/rust/Cargo.toml")
    library "$2" "$version" Rust crates.io "$1" "$folder/rust/debug/$2"
}

run_rust() {
    local authority='`add_root_certificate` of reqwest'
    rust_library "$authority" oauth2
    rust_library "$authority; \`allow_all_jose_types\`" openidconnect
}
