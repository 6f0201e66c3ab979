# `make run` starts npo with a live generated fabric; `make test` passes everything.
# Needed by hand: Rust (stable) and a C compiler for the bundled SQLite.

DATA ?= var/npo
LISTEN ?= 127.0.0.1:7171
CARGO ?= cargo

.PHONY: run test lint bench openapi fmt

run:
	$(CARGO) build --locked --release -p npo-cli
	./target/release/npo serve --data $(DATA) --listen $(LISTEN) --live-fabric

# nextest where it is installed; the tests are the same with plain cargo test.
test:
	./scripts/check-core-is-pure
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		$(CARGO) nextest run --locked --workspace --no-fail-fast; \
	else \
		$(CARGO) test --locked --workspace --no-fail-fast; \
	fi

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null 2>&1; then \
		cargo-deny check licenses bans sources; \
	else \
		echo "cargo-deny is not installed: cargo install cargo-deny --locked"; \
	fi

bench:
	$(CARGO) bench --locked --workspace

openapi:
	$(CARGO) run --locked -p npo-cli -- admin openapi > openapi/npo.json

fmt:
	$(CARGO) fmt --all
