# Everything that people and CI do here. `make help` lists it.

CARGO ?= cargo
DEB_VERSION := 3.8.0
DENY_VERSION := 0.20.2
MACHETE_VERSION := 0.9.2
FUZZ_VERSION := 0.13.2
# How long each parser is fuzzed; or how often, and then with the same inputs each time.
FUZZ_SECONDS ?= 60
FUZZ_TIMES ?=
# How many tests of the gateway as a process run at once. Most of them wait for servers.
TEST_THREADS ?= 6
FAULTS := test --workspace --locked --no-fail-fast --test integration -- --test-threads 2
# The profile of what is served, measured and tried by newcomers. `make PROFILE=dev …` takes what the tests have compiled.
PROFILE ?= release
BUILT := $${CARGO_TARGET_DIR:-target}/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))

.DEFAULT_GOAL := help
.PHONY: help run test bench-smoke peers fuzz faults clients services newcomer openapi schemathesis deb package image kubernetes compose bench bench-build fuzz-build growth soak instructions sweep check advisories doc reference fmt servers tools packaging

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: ## build the release binary and serve the demo on http://127.0.0.1:8080
	$(CARGO) run --profile $(PROFILE) --locked --package isogloss-gateway -- serve --config config/demo.toml

test: servers ## install what the tests need and is missing, then run every test
	CARGO="$(CARGO)" tests/all $(TEST_THREADS)

fuzz: fuzz-build ## fuzz each parser, with a nightly toolchain, for FUZZ_SECONDS=60 or FUZZ_TIMES=100000
	tests/fuzz/run $(if $(FUZZ_TIMES),times $(FUZZ_TIMES),seconds $(FUZZ_SECONDS))

fuzz-build:
	@$(CARGO) +nightly --version >/dev/null || { echo "fuzzing takes a nightly toolchain: rustup toolchain install nightly" >&2; exit 1; }
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked --debug cargo-fuzz@$(FUZZ_VERSION)
	tests/fuzz/run build

openapi: ## write docs/openapi again
	mkdir -p docs/openapi
	ISOGLOSS_BLESS=1 $(CARGO) test --locked --package integration --test integration -- documents_of_the_repository

schemathesis: ## look for answers that no document promises
	$(CARGO) build --locked --package isogloss-gateway
	tests/schemathesis/run "$${CARGO_TARGET_DIR:-target}/debug/isogloss"

clients: ## run published clients, unmodified, against the gateway and a back end, and compare docs/clients.md
	$(CARGO) build --locked --package isogloss-gateway
	tests/clients/run "$${CARGO_TARGET_DIR:-target}/debug/isogloss"

services: ## run published libraries of services and proxies, unmodified, against the gateway, and compare docs/services.md and the examples of docs/back-ends.md
	$(CARGO) build --locked --package isogloss-gateway
	tests/services/run "$${CARGO_TARGET_DIR:-target}/debug/isogloss"

newcomer: ## clone the repository and do what the README says first
	tests/newcomer/run

deb: packaging ## build the Debian package, target/isogloss.deb
	$(CARGO) build --release --locked --package isogloss-gateway
	tests/deb/package release target/isogloss.deb

package: packaging ## install, upgrade and purge the package, and follow the guides of the documentation, in a Debian 12 that boots for it; as root
	$(CARGO) build --locked --package isogloss-gateway
	tests/deb/run target/deb
	tests/deb/guide target/deb docs/migration.md docs/users-from-ldap.md

image: ## build the container image, check it, run it without privileges, type the commands of docs/container.md, and replace gateways under load; as root
	@tests/install podman hadolint redis postgres nginx ip
	$(CARGO) build --locked --package isogloss-gateway
	tests/image/run "$${CARGO_TARGET_DIR:-target}/debug/isogloss"

kubernetes: ## check the Helm chart, the manifests and the commands of docs/kubernetes.md, without a cluster
	@tests/install kubernetes
	$(CARGO) build --locked --package isogloss-gateway
	tests/kubernetes/run "$${CARGO_TARGET_DIR:-target}/debug/isogloss"

compose: ## check config/compose.yaml and the files that it mounts, without a container
	@tests/install compose prometheus nginx
	$(CARGO) build --locked --package isogloss-gateway
	tests/compose/run "$${CARGO_TARGET_DIR:-target}/debug/isogloss"

bench: servers peers bench-build ## how fast it is beside its peers and its limits, with growth and soak; less than half an hour, report in target/bench
	$(BUILT)/isogloss-bench run $(BUILT)/isogloss --out target/bench

bench-smoke: servers peers bench-build ## a little of all of it in two minutes, which only prints
	$(BUILT)/isogloss-bench run $(BUILT)/isogloss --out target/bench --smoke

growth: servers peers bench-build ## that part of the bench alone: a million users and five million tokens; report in target/bench/growth
	$(BUILT)/isogloss-bench growth $(BUILT)/isogloss --out target/bench/growth

soak: servers bench-build ## that part of the bench alone: all kinds of requests for ten minutes; report in target/bench/soak
	$(BUILT)/isogloss-bench soak $(BUILT)/isogloss --out target/bench/soak

instructions: servers bench-build ## how many instructions a check of a token takes, by callgrind
	@tests/install valgrind
	tests/bench/instructions $(BUILT)/isogloss

sweep: servers ## what a million tokens take, and who waits while they are swept
	$(CARGO) bench --locked --package isogloss-store-embedded --bench growth

bench-build:
	$(CARGO) build --profile $(PROFILE) --locked --package isogloss-gateway --package isogloss-bench

faults: servers ## connections and stores that fail, 500 random schedules for each store, silences of 65 s, clients that reset each request at 200 points, 200 kills, and 1 GiB through the gateway each way; prints how each went; half an hour
	$(CARGO) $(FAULTS) --nocapture --skip faults::silence --skip faults::schedules --skip faults::cut_requests faults::
	ISOGLOSS_SILENCE=$${ISOGLOSS_SILENCE:-65} $(CARGO) $(FAULTS) --nocapture faults::silence
	ISOGLOSS_SCHEDULES=$${ISOGLOSS_SCHEDULES:-500} $(CARGO) $(FAULTS) --nocapture faults::schedules
	ISOGLOSS_CUTS=$${ISOGLOSS_CUTS:-200} $(CARGO) $(FAULTS) --nocapture faults::cut_requests
	ISOGLOSS_ROUNDS=$${ISOGLOSS_ROUNDS:-200} $(CARGO) $(FAULTS) --nocapture restart::kills
	ISOGLOSS_STREAM_MIB=$${ISOGLOSS_STREAM_MIB:-1024} $(CARGO) $(FAULTS) --nocapture streams::memory

check: tools ## formatting, prose, lints, documentation, licences and sources, unused dependencies
	tests/words --test
	tests/words
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path tests/fuzz/Cargo.toml --check
	$(CARGO) fmt --manifest-path tests/services/rust/Cargo.toml --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked
	$(CARGO) deny --locked check bans licenses sources
	$(CARGO) machete

advisories: tools ## known faults of the libraries; fetches the RustSec database
	$(CARGO) deny --locked check advisories

doc: ## build the documentation, and say where it is
	$(CARGO) doc --workspace --no-deps --locked
	@echo "open target/doc/isogloss_core/index.html"

reference: ## write docs/configuration.md from the code
	$(CARGO) run --locked --package isogloss-gateway -- config reference > docs/configuration.md.new
	mv docs/configuration.md.new docs/configuration.md

fmt: ## format the code
	$(CARGO) fmt --all
	$(CARGO) fmt --manifest-path tests/fuzz/Cargo.toml
	$(CARGO) fmt --manifest-path tests/services/rust/Cargo.toml

servers:
	@tests/install redis postgres nginx caddy traefik envoy haproxy apache django faketime ip slapd samba oidc-provider browser prometheus

peers:
	@tests/install wrk lua

packaging:
	@command -v cargo-deb >/dev/null || $(CARGO) install --locked --debug cargo-deb@$(DEB_VERSION)
	@tests/install debian

tools:
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked --debug cargo-deny@$(DENY_VERSION)
	@command -v cargo-machete >/dev/null || $(CARGO) install --locked --debug cargo-machete@$(MACHETE_VERSION)
