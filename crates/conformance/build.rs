//! New files under `tests/exchanges` are taken in at the next build.

fn main() {
    println!("cargo::rerun-if-changed=../../tests/exchanges");
}
