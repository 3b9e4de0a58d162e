# Everything that people and CI do here. `make help` lists it.

CARGO ?= cargo
DENY_VERSION := 0.20.2
MACHETE_VERSION := 0.9.2

.DEFAULT_GOAL := help
.PHONY: help run test clients check doc fmt servers tools

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

run: ## build the release binary and serve the demo on http://127.0.0.1:8080
	$(CARGO) run --release --locked --package isogloss-gateway -- serve --config config/demo.toml

test: servers ## install what the tests need and is missing, then run every test
	$(CARGO) test --workspace --locked --no-fail-fast

clients: ## run published clients, unmodified, against the gateway
	$(CARGO) build --locked --package isogloss-gateway
	tests/clients/run "$${CARGO_TARGET_DIR:-target}/debug/isogloss"

check: tools ## formatting, lints, documentation, licences and sources, unused dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked
	$(CARGO) deny --locked check bans licenses sources
	$(CARGO) machete

doc: ## build the documentation, and say where it is
	$(CARGO) doc --workspace --no-deps --locked
	@echo "open target/doc/isogloss_core/index.html"

fmt: ## format the code
	$(CARGO) fmt --all

servers:
	@tests/install redis postgres

tools:
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked --debug cargo-deny@$(DENY_VERSION)
	@command -v cargo-machete >/dev/null || $(CARGO) install --locked --debug cargo-machete@$(MACHETE_VERSION)
